// Draws the figures of a run as SVG.

import { mkdirSync, writeFileSync } from 'node:fs';
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Plot } from './report.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const size = { width: 860, height: 400 };
// Told apart by those who see no red or green, too; each contender in a light and a dark shade.
const colors = ['#08519c', '#6baed6', '#a63603', '#fd8d3c', '#525252', '#bdbdbd'];

/** Writes each plot into plots/, over that of the last run. */
export function writePlots(plots: readonly Plot[]): void {
  const folder = new URL('plots/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const plot of plots) writeFileSync(new URL(plot.file, folder), draw(plot));
}

function draw({ title, is, unit, x, series }: Plot): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  const isLine = is === 'lines';
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: colors,
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 0, show: Object.keys(series).length > 1 },
    grid: { top: 60, bottom: 60, left: 70, right: 30 },
    // Lines need their true distances to show that they are straight.
    xAxis: isLine ? { type: 'value', min: 0 } : { type: 'category', data: [...x] },
    yAxis: { type: 'value', name: unit, min: 0 },
    series: Object.entries(series).map(([name, values]) =>
      isLine
        ? {
            name,
            type: 'line' as const,
            symbolSize: 8,
            data: values.map((value, i) => [Number(x[i]), value]),
          }
        : { name, type: 'bar' as const, data: [...values] },
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
