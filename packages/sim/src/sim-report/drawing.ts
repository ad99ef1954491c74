import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, ScatterChart, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

export const ink = '#1f2933';
export const quietInk = '#52606d';
export const hairline = '#e4e7eb';
export const surface = '#ffffff';
/** Told apart by people who do not see red and green as well. */
export const colours: readonly string[] = ['#2a78d6', '#d9541e', '#178a60', '#6b3fa0'];
export const fontFamily = 'system-ui, sans-serif';

/** The chart as an SVG element, which needs no script and no other file. */
export function draw(title: string, option: EChartsCoreOption, { width, height }: ChartSize): string {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height });
  drawing.setOption({ animation: false, backgroundColor: surface, textStyle: { fontFamily, color: ink }, ...option });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return svg.replace('<svg ', `<svg role="img" aria-label="${escapeText(title)}" `);
}

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** As few digits as tell it. */
export function formatValue(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 10_000) return Math.round(value).toLocaleString('en');
  if (size >= 100) return value.toFixed(0);
  if (size >= 0.001) return String(Number(value.toPrecision(3)));
  return value.toExponential(1).replace('e-', 'e−');
}
