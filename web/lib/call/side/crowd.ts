// Who came and who went, told in groups: ten people who join at once are one piece of news.

/** How long others may still come along with the first, in milliseconds. */
const TOGETHER = 1_500;
/** In a larger meeting coming and going is no news. */
export const LARGE = 20;

type Tell = (about: "joined" | "left", names: string[]) => void;

export class Crowd {
  #joined = new Map<string, string>();
  #left = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tell: Tell;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  join(identity: string, name: string) {
    // Whoever loads the page again, or takes another network, was never really gone.
    if (!this.#left.delete(identity)) this.#joined.set(identity, name);
    this.#wait();
  }

  leave(identity: string, name: string) {
    if (!this.#joined.delete(identity)) this.#left.set(identity, name);
    this.#wait();
  }

  forget() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#joined.clear();
    this.#left.clear();
  }

  #wait() {
    this.#timer ??= setTimeout(() => {
      const [joined, left] = [[...this.#joined.values()], [...this.#left.values()]];
      this.forget();
      if (left.length > 0) this.#tell("left", left);
      if (joined.length > 0) this.#tell("joined", joined);
    }, TOGETHER);
  }
}
