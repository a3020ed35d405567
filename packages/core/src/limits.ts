/** More compute threads than any machine has: who asks for more has made a slip. */
export const MOST_THREADS = 1024;
