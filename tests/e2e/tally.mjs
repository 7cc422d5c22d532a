// Counts what holds and what does not, and ends the run with one line that says so.

export class Tally {
  #passed = 0;
  #failed = 0;

  /** Runs `fact`; it holds unless it throws. Answers whether it held. */
  async check(sentence, fact) {
    try {
      await fact();
      this.#passed += 1;
      console.log(`ok      ${sentence}`);
      return true;
    } catch (error) {
      this.#failed += 1;
      console.log(
        `FAILED  ${sentence}\n        ${String(error?.message ?? error).replaceAll("\n", "\n        ")}`,
      );
      return false;
    }
  }

  end() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 ? 0 : 1;
  }
}

/** Asks until `question` answers something true, for at most `seconds`; throws what it answered last. */
export async function eventually(question, what, seconds = 20) {
  const deadline = performance.now() + seconds * 1000;
  let answer;
  while (performance.now() < deadline) {
    answer = await question();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`not within ${seconds} s: ${what}; last answer: ${JSON.stringify(answer)}`);
}
