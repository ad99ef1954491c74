import type { EChartsCoreOption } from 'echarts/core';
import { type ChartSize, colours, draw, fontFamily, formatValue, hairline, ink, quietInk, surface } from './drawing.ts';

/** One measured value. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** Nothing was seen, and `y` is the bound that the number of trials allows: drawn hollow. */
  readonly isBound?: boolean;
  readonly label?: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Marks without a line between them. */
  readonly isScattered?: boolean;
  /** Series of one group share a colour; the first is drawn solid, the others dashed. By default each is its own group. */
  readonly group?: string;
}

export interface Axis {
  /** With its unit. */
  readonly name: string;
  readonly isLog?: boolean;
  /** Ticks at these values and nowhere else; for a logarithmic axis the labels are what people asked for. */
  readonly ticks?: readonly number[];
}

/** A line that the values are to stay below, or what a paper says. */
export interface Reference {
  readonly name: string;
  readonly y: number;
}

export interface Chart {
  readonly title: string;
  /** What one sees, in a sentence. */
  readonly about: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly references?: readonly Reference[];
}

/** What an entry of the legend takes, about. */
const legendItemWidth = 150;
const symbols: readonly string[] = ['circle', 'triangle', 'rect', 'diamond'];

export function renderChart(chart: Chart, size: ChartSize): string {
  return draw(chart.title, optionOf(chart, size), size);
}

function optionOf(chart: Chart, { width }: ChartSize): EChartsCoreOption {
  const names = chart.series.map(({ name }) => name);
  const legendRows = names.length < 2 ? 0 : Math.ceil((names.length * legendItemWidth) / width);
  const [first] = names;
  return {
    legend: {
      show: legendRows > 0,
      selectedMode: false,
      data: names,
      ...{ top: 0, left: 0, itemWidth: 36, itemHeight: 9, itemGap: 18 },
      textStyle: { color: ink, fontSize: 12, fontFamily },
    },
    grid: { left: 8, right: 24, top: 32 + 23 * legendRows, bottom: 30, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: { ...axisOption(chart.x, chart.series, 'x'), nameLocation: 'middle', nameGap: 28 },
    yAxis: {
      ...axisOption(chart.y, chart.series, 'y'),
      nameLocation: 'end',
      nameTextStyle: { align: 'left', color: quietInk, fontSize: 12 },
    },
    series: chart.series.flatMap((series) => {
      const look = lookOf(series, chart.series);
      return [seriesOption(series, look, series.name === first ? (chart.references ?? []) : []), boundsOption(series, look)];
    }),
  };
}

function axisOption({ name, isLog = false, ticks }: Axis, series: readonly Series[], side: 'x' | 'y'): Record<string, unknown> {
  const values = series.flatMap(({ points }) => points.map((point) => point[side])).filter((value) => !isLog || value > 0);
  return {
    type: isLog ? 'log' : 'value',
    name,
    nameTextStyle: { color: quietInk, fontSize: 12, fontFamily },
    axisLabel: {
      color: quietInk,
      fontSize: 12,
      formatter: (value: number) => formatValue(value),
      ...(ticks && { customValues: [...ticks] }),
    },
    axisTick: { show: side === 'x', ...(ticks && { customValues: [...ticks] }) },
    axisLine: { show: side === 'x', lineStyle: { color: quietInk } },
    splitLine: { show: side === 'y', lineStyle: { color: hairline } },
    ...(isLog && values.length > 0 ? logBounds(values, side) : {}),
    ...(!isLog && { min: 0 }),
  };
}

/** Whole decades for values; for what is varied a little room on either side. */
function logBounds(values: readonly number[], side: 'x' | 'y'): { min: number; max: number } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (side === 'x') return { min: least / 1.3, max: most * 1.3 };
  return { min: 10 ** Math.floor(Math.log10(least) - 0.01), max: 10 ** Math.ceil(Math.log10(most) + 0.01) };
}

interface Look {
  readonly colour: string;
  readonly symbol: string;
  readonly isDashed: boolean;
}

function lookOf(series: Series, all: readonly Series[]): Look {
  const groupOf = ({ group, name }: Series): string => group ?? name;
  const groups = [...new Set(all.map(groupOf))];
  const group = groups.indexOf(groupOf(series));
  const isFirst = all.find((other) => groupOf(other) === groupOf(series)) === series;
  return {
    colour: colours[group % colours.length] ?? ink,
    symbol: symbols[group % symbols.length] ?? 'circle',
    isDashed: !isFirst,
  };
}

function seriesOption(series: Series, { colour, symbol, isDashed }: Look, references: readonly Reference[]): Record<string, unknown> {
  const { name, points, isScattered = false } = series;
  return {
    ...{ name, symbol, symbolSize: isScattered ? 11 : 8, symbolKeepAspect: true, silent: true, emphasis: { disabled: true } },
    ...(isScattered ? { type: 'scatter', z: 5 } : { type: 'line' }),
    lineStyle: { width: 2, color: colour, type: isDashed ? 'dashed' : 'solid' },
    itemStyle: { color: colour },
    // A line that led to a bound would look like a measured rise.
    data: points.map(({ x, y, isBound = false, label }) => ({
      value: [x, isBound ? null : y],
      ...(label !== undefined && {
        label: {
          ...{ show: true, formatter: label, color: ink, fontSize: 11 },
          ...(isScattered ? { position: 'bottom', fontWeight: 'bold' } : { position: 'top', offset: [12, 0] }),
        },
      }),
    })),
    ...(references.length > 0 && { markLine: markLine(references) }),
  };
}

/** The hollow marks of a series. */
function boundsOption({ name, points }: Series, { colour, symbol }: Look): Record<string, unknown> {
  return {
    ...{ name, symbol, symbolSize: 8, silent: true, emphasis: { disabled: true } },
    type: 'scatter',
    itemStyle: { color: surface, borderColor: colour, borderWidth: 2 },
    data: points.filter(({ isBound }) => isBound).map(({ x, y }) => [x, y]),
  };
}

function markLine(references: readonly Reference[]): Record<string, unknown> {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: quietInk, type: 'dashed', width: 1 },
    label: { position: 'insideEndTop', color: quietInk, fontSize: 11 },
    data: references.map(({ name, y }) => ({ yAxis: y, label: { formatter: name } })),
  };
}
