/** Between two lines. */
const INTERVAL_MS = 15_000;
/** Processor-seconds of a build, whatever its parts: g++ 12 with AVX-512 on a server's core. Only said before anything is known. */
const USUAL_SECONDS = 240;

/** Share of the bytes from which on the time that they took tells how long the rest takes: before, much is half compiled. */
const TELLING = 0.2;

/** Tells whoever waits for a build that it goes on, and about how long it still takes. */
export class BuildProgress implements Disposable {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #start: number;
  readonly #timer: NodeJS.Timeout;
  #files = 0;
  #bytes = 0;

  /**
   * Says at once what begins, and every quarter of a minute how far it is.
   *
   * @param sizes bytes of each file that is to be compiled: how long it takes grows with them
   * @param build the compiler, and how many files it compiles at a time
   * @param now seconds of a clock
   */
  constructor(
    sizes: ReadonlyMap<string, number>,
    { compiler, jobs }: { readonly compiler: string; readonly jobs: number },
    say: (line: string) => void,
    now: () => number = () => performance.now() / 1000,
  ) {
    this.#sizes = sizes;
    this.#say = say;
    this.#now = now;
    this.#start = now();
    say(
      `compiling the kernels for this machine's processor, once: ${sizes.size} files with ${compiler}, ${jobs} at a time; ` +
        `usually about ${inWords(USUAL_SECONDS / jobs)}`,
    );
    this.#timer = setInterval(() => this.#report(), INTERVAL_MS).unref();
  }

  /** One file is done. */
  compiled(file: string): void {
    this.#files++;
    this.#bytes += this.#sizes.get(file) ?? 0;
    if (this.#files === this.#sizes.size) this.#say(`compiled the kernels in ${inWords(this.#now() - this.#start)}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    const all = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    const elapsed = this.#now() - this.#start;
    const left =
      this.#bytes < TELLING * all ? '' : `, about ${inWords((elapsed * (all - this.#bytes)) / this.#bytes)} left`;
    this.#say(`compiled ${this.#files} of ${this.#sizes.size} files of the kernels after ${inWords(elapsed)}${left}`);
  }
}

function inWords(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 100 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}
