// Draws the figures of a run as SVG.

import { mkdirSync, writeFileSync } from 'node:fs';
import { type Plot, short } from './report.ts';

const [width, height] = [860, 400];
const area = { left: 70, right: width - 30, top: 60, bottom: height - 60 };
const steps = [1, 2, 2.5, 5, 10];
// Told apart by those who see no red or green, too; each contender in a light and a dark shade.
const colors = ['#08519c', '#6baed6', '#a63603', '#fd8d3c', '#525252', '#bdbdbd'];

/** Of a value, its place in the picture. */
type Scale = (value: number) => number;

/** Writes each plot into plots/, over that of the last run. */
export function writePlots(plots: readonly Plot[]): void {
  const folder = new URL('plots/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const plot of plots) writeFileSync(new URL(plot.file, folder), draw(plot));
}

function draw(plot: Plot): string {
  const { title, is, unit, x, series } = plot;
  const names = Object.keys(series);
  const yTicks = ticksUpTo(Math.max(...Object.values(series).flat()));
  const y = scale(yTicks, area.bottom, area.top);
  const parts = is === 'lines' ? drawLines(plot, y) : drawBars(plot, y);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#333333">`,
    `<title>${title}: ${names.join(', ')}; ${x.join(', ')}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(width / 2, 24, title, 'middle', ' font-size="15" font-weight="bold"'),
    text(area.left, area.top - 14, unit, 'middle'),
    ...yTicks.map((value) => gridLine(value, y)),
    ...parts,
    ...(names.length > 1 ? drawLegend(names) : []),
    '</svg>\n',
  ].join('\n');
}

function drawBars({ x, series }: Plot, y: Scale): readonly string[] {
  const all = Object.values(series);
  const room = (area.right - area.left) / x.length;
  const bar = (room * 0.8) / all.length;
  return x.flatMap((label, group) => {
    const start = area.left + room * (group + 0.1);
    const bars = all.map((values, i) => {
      const top = y(values[group] ?? 0);
      return `<rect x="${px(start + i * bar)}" y="${px(top)}" width="${px(bar * 0.9)}" height="${px(area.bottom - top)}" fill="${colorOf(i)}"/>`;
    });
    return [...bars, text(area.left + room * (group + 0.5), area.bottom + 18, label, 'middle')];
  });
}

// At their true distances along the axis, which shows whether they are straight.
function drawLines({ x, series }: Plot, y: Scale): readonly string[] {
  const places = x.map(Number);
  const ticks = ticksUpTo(Math.max(...places));
  const toX = scale(ticks, area.left, area.right);
  const labels = ticks.map((value) => text(toX(value), area.bottom + 18, String(value), 'middle'));
  const lines = Object.values(series).flatMap((values, i) => {
    const points = values.map((value, at) => `${px(toX(places[at] ?? 0))},${px(y(value))}`);
    const dots = points
      .map((point) => point.split(','))
      .map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="4"/>`);
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colorOf(i)}" stroke-width="2"/>`,
      `<g fill="${colorOf(i)}">${dots.join('')}</g>`,
    ];
  });
  return [...labels, ...lines];
}

function drawLegend(names: readonly string[]): readonly string[] {
  const room = (area.right - area.left) / names.length;
  return names.flatMap((name, i) => {
    const left = area.left + room * i;
    return [
      `<rect x="${px(left)}" y="${height - 25}" width="22" height="12" fill="${colorOf(i)}"/>`,
      text(left + 28, height - 15, name, 'start'),
    ];
  });
}

function gridLine(value: number, y: Scale): string {
  const at = px(y(value));
  const line = `<line x1="${area.left}" x2="${area.right}" y1="${at}" y2="${at}" stroke="#e0e0e0"/>`;
  return line + text(area.left - 8, y(value) + 4, String(value), 'end');
}

/** From nothing to at least the largest value, in four to ten round steps. */
function ticksUpTo(largest: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(largest / 5));
  const step = power * (steps.find((one) => one * power >= largest / 5) ?? 10);
  return Array.from({ length: Math.ceil(largest / step) + 1 }, (_, i) => Number(short(i * step)));
}

function scale(ticks: readonly number[], from: number, to: number): Scale {
  const largest = ticks.at(-1) ?? 1;
  return (value) => from + ((to - from) * value) / largest;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', style = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${style}>${words}</text>`;
}

function colorOf(i: number): string {
  return colors[i % colors.length] ?? 'black';
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
