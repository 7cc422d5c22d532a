// How much somebody may say: a handful at once, then so many a second. What is more is not listened to.

export class Pace {
  #burst: number;
  #perSecond: number;
  #left = new Map<string, { tokens: number; at: number }>();

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
  }

  /** Whether `who` may say one more thing `now`, in milliseconds. */
  allows(who: string, now = Date.now()): boolean {
    const before = this.#left.get(who) ?? { tokens: this.#burst, at: now };
    const grown = before.tokens + (Math.max(0, now - before.at) / 1000) * this.#perSecond;
    const tokens = Math.min(this.#burst, grown);
    const allowed = tokens >= 1;
    this.#left.set(who, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed;
  }

  forget(who: string) {
    this.#left.delete(who);
  }
}
