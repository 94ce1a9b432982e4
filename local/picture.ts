// `npm run picture`: docs/terminal.svg, the README's picture, from what the commands print when they are run.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { showScenario } from './scenario.ts';
import { startStack } from './stack.ts';

const [play, ask] = ['npm start', 'npm run -s roq-sync -- status anna'];

const [charWidth, lineHeight, margin] = [7.8, 18, 20];
/** By the codes of ANSI's "select graphic rendition" that the commands use. */
const styles: Readonly<Record<string, string>> = {
  '1': ' font-weight="bold"',
  '2': ' fill="#8b949e"',
  '31': ' fill="#ff7b72"',
  '32': ' fill="#7ee787"',
  '33': ' fill="#e3b341"',
  '36': ' fill="#79c0ff"',
};

const introducer = '\u001b[';

process.env.FORCE_COLOR = '1';
const stack = await startStack({ log: () => {} });
const printed = [`$ ${play}`];
await showScenario(stack, (line) => printed.push(line));
printed.push('', `$ ${ask}`, await askForAnna(stack.door.url));
await stack.close();
writeFileSync(new URL('../docs/terminal.svg', import.meta.url), draw(printed.join('\n')));

async function askForAnna(url: string): Promise<string> {
  const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  const line = [main, 'status', 'anna', '--port', new URL(url).port];
  const { stdout } = await promisify(execFile)(process.execPath, line);
  return stdout.trimEnd();
}

function draw(text: string): string {
  const lines = stripVTControlCharacters(text).split('\n');
  const width = Math.ceil(Math.max(...lines.map(({ length }) => length)) * charWidth) + 2 * margin;
  const height = lines.length * lineHeight + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>What these print: ${play}; ${ask}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    '<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3" xml:space="preserve">',
    ...drawWords(text),
    '</g>',
    '</svg>\n',
  ].join('\n');
}

// Words have their own place and width, so that columns stay columns in whatever font there is.
function drawWords(text: string): readonly string[] {
  let [row, column, style] = [0, 0, ''];
  const drawn: string[] = [];
  for (const [i, piece] of text.split(introducer).entries()) {
    const [whole, code = ''] = (i > 0 && /^(\d+)m/.exec(piece)) || [''];
    // A code that is not in the list ends a style: these commands never nest two.
    if (whole) style = styles[code] ?? '';
    for (const [j, line] of piece.slice(whole.length).split('\n').entries()) {
      if (j > 0) [row, column] = [row + 1, 0];
      for (const { 0: word, index } of line.matchAll(/\S+(?: \S+)*/g)) {
        const x = (margin + (column + index) * charWidth).toFixed(1);
        const y = margin + row * lineHeight + 13;
        const length = (word.length * charWidth).toFixed(1);
        drawn.push(`<text x="${x}" y="${y}" textLength="${length}"${style}>${toXml(word)}</text>`);
      }
      column += line.length;
    }
  }
  return drawn;
}

function toXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
