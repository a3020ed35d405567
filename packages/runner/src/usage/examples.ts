/** The end of a command's help: what one would type. */
export const examples = (...commands: string[]): string =>
  `\nExamples:\n${commands.map((command) => `  ./prunebench ${command}`).join('\n')}`;
