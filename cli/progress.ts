// One line on the terminal that says how far the work is.

export type Progress = {
  readonly isShown: boolean;
  readonly show: (text: string) => void;
  readonly clear: () => void;
};

const eraseLine = '\r\u001b[2K';

/** A progress line on stderr, so that stdout has the answer alone. */
export function createProgress(isShown: boolean): Progress {
  const write = (text: string) => {
    if (isShown) process.stderr.write(text);
  };
  return {
    isShown,
    show: (text) => write(`${eraseLine}${text.slice(0, (process.stderr.columns ?? 80) - 1)}`),
    clear: () => write(eraseLine),
  };
}

const barWidth = 24;

/** A bar with the time that is left. `done` and `before`, which was done by an earlier run, are shares in [0, 1]. */
export function bar(done: number, elapsedMs: number, before = 0): string {
  const full = Math.round(Math.min(1, done) * barWidth);
  const leftMs = done > before ? (elapsedMs / (done - before)) * (1 - done) : null;
  const left = leftMs === null ? '' : `  ${minutes(leftMs)} left`;
  const percent = `${Math.floor(done * 100)}`.padStart(3);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${percent} %${left}`;
}

function minutes(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
