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

const symbols: readonly string[] = ['circle', 'triangle', 'rect', 'diamond'];

export function renderChart(chart: Chart, size: ChartSize): string {
  return draw(chart.title, optionOf(chart), size);
}

function optionOf(chart: Chart): EChartsCoreOption {
  return {
    legend: {
      show: chart.series.length > 1,
      top: 0,
      left: 0,
      itemWidth: 22,
      itemHeight: 9,
      itemGap: 18,
      textStyle: { color: ink, fontSize: 12, fontFamily },
    },
    grid: {
      left: 8,
      right: 24,
      top: chart.series.length > 1 ? 52 : 30,
      bottom: 30,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: { ...axisOption(chart.x, chart.series, 'x'), nameLocation: 'middle', nameGap: 28 },
    yAxis: {
      ...axisOption(chart.y, chart.series, 'y'),
      nameLocation: 'end',
      nameTextStyle: { align: 'left', color: quietInk, fontSize: 12 },
    },
    series: chart.series.map((series, index) =>
      seriesOption(series, lookOf(series, chart.series), index === 0 ? (chart.references ?? []) : []),
    ),
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
  const hollow = { color: surface, borderColor: colour, borderWidth: 2 };
  return {
    name,
    type: isScattered ? 'scatter' : 'line',
    symbol,
    symbolSize: 8,
    silent: true,
    emphasis: { disabled: true },
    lineStyle: { width: 2, color: colour, type: isDashed ? 'dashed' : 'solid' },
    itemStyle: { color: colour },
    label: { show: false },
    data: points.map(({ x, y, isBound = false, label }) => ({
      value: [x, y],
      ...(isBound && { itemStyle: hollow }),
      ...(label !== undefined && {
        label: { show: true, formatter: label, position: isScattered ? 'bottom' : 'top', color: ink, fontSize: 11 },
      }),
    })),
    ...(references.length > 0 && { markLine: markLine(references) }),
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
