// What is used of jasmine-core, which ships no types.
declare module 'jasmine-core' {
  export interface SpecResult {
    fullName: string;
    status: 'passed' | 'failed' | 'pending' | 'excluded';
    failedExpectations: readonly { message: string }[];
  }
  export interface RunResult {
    overallStatus: string;
    failedExpectations: readonly { message: string }[];
  }
  export interface Reporter {
    specDone?(result: SpecResult): void;
    suiteDone?(result: { fullName: string; failedExpectations: readonly { message: string }[] }): void;
    jasmineDone?(result: RunResult): void;
  }
  export interface Environment {
    configure(options: { random: boolean }): void;
    addReporter(reporter: Reporter): void;
    execute(): Promise<unknown>;
  }
  const jasmineCore: { boot(reinitialize: boolean): { getEnv(): Environment } };
  export default jasmineCore;
}
