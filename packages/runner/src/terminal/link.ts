import { pathToFileURL } from 'node:url';
import { printable } from '@prunebench/core/printable';

/** Terminals that say who they are in TERM_PROGRAM, and that show a link of OSC 8 as one. */
const PROGRAMS = ['iTerm.app', 'WezTerm', 'vscode', 'ghostty', 'Hyper', 'Tabby', 'rio', 'WarpTerminal'];
/** Those that say it in TERM. */
const TERMS = ['xterm-kitty', 'xterm-ghostty', 'alacritty', 'foot', 'foot-extra', 'contour', 'wezterm'];
/** VTE (GNOME Terminal and its kind) has shown them since 0.50. */
const VTE = 5000;

/**
 * A file as a link. Where the terminal knows links (OSC 8) its path is shown and leads there; elsewhere the address itself is
 * shown, which many terminals make a link of.
 *
 * @param path absolute
 */
export function fileLink(path: string, stream: { readonly isTTY?: boolean }, environment = process.env): string {
  const { href } = pathToFileURL(path);
  return stream.isTTY && knowsLinks(environment) ? `\x1b]8;;${href}\x1b\\${printable(path)}\x1b]8;;\x1b\\` : href;
}

/** FORCE_HYPERLINK decides, where it is set, as for other programs. */
function knowsLinks(environment: NodeJS.ProcessEnv): boolean {
  const { FORCE_HYPERLINK, TERM = '', TERM_PROGRAM = '', VTE_VERSION, WT_SESSION, KONSOLE_VERSION } = environment;
  if (FORCE_HYPERLINK) return FORCE_HYPERLINK !== '0';
  // What stands between, tmux and screen among them, may hand the sequence on or not.
  if (TERM === 'dumb' || /^(screen|tmux)/.test(TERM)) return false;
  return (
    PROGRAMS.includes(TERM_PROGRAM) ||
    TERMS.includes(TERM) ||
    Number(VTE_VERSION) >= VTE ||
    WT_SESSION !== undefined ||
    KONSOLE_VERSION !== undefined
  );
}
