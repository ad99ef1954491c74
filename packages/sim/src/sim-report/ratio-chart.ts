import { type ChartSize, colours, draw, formatValue, hairline, ink, quietInk } from './drawing.ts';

/** One row: how many times the other the one is. */
export interface Ratio {
  readonly name: string;
  readonly ratio: number;
  readonly isFar: boolean;
}

const bandColour = '#e3f4ec';
const narrow = 500;

/** Ratios on a logarithmic axis, with the band in which they should be. */
export function renderRatios(
  title: string,
  axisName: string,
  ratios: readonly Ratio[],
  band: readonly [number, number],
  size: ChartSize,
): string {
  const [from, to] = band;
  const nameWidth = size.width < narrow ? 110 : 240;
  const points = ratios.map(({ ratio, isFar }, index) => ({
    value: [ratio, index],
    symbol: isFar ? 'diamond' : 'circle',
    itemStyle: { color: colours[isFar ? 1 : 0] },
  }));
  const option = {
    grid: { left: nameWidth + 12, right: 44, top: 12, bottom: 46 },
    xAxis: { ...ratioAxis(ratios), name: axisName, nameLocation: 'middle', nameGap: 28, nameTextStyle: { color: quietInk, fontSize: 12 } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: ratios.map(({ name }) => name),
      axisLabel: { color: ink, fontSize: 12, width: nameWidth, overflow: 'break' },
      axisTick: { show: false },
      axisLine: { show: false },
    },
    series: [
      {
        type: 'scatter',
        symbolSize: 11,
        silent: true,
        emphasis: { disabled: true },
        data: points,
        label: { show: true, position: 'right', color: ink, fontSize: 11, formatter: labelOf },
        markArea: { silent: true, itemStyle: { color: bandColour }, data: [[{ xAxis: from }, { xAxis: to }]] },
        markLine: markOne,
      },
    ],
  };
  return draw(title, option, size);
}

const markOne = {
  silent: true,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: quietInk, type: 'solid', width: 1 },
  data: [{ xAxis: 1 }],
};

/** Whole decades on either side of 1, as many as are needed. */
function ratioAxis(ratios: readonly Ratio[]): Record<string, unknown> {
  const sizes = ratios.filter(({ ratio }) => ratio > 0).map(({ ratio }) => Math.abs(Math.log10(ratio)));
  const decades = Math.ceil(Math.max(0.5, ...sizes) + 0.05);
  const ticks = Array.from({ length: 2 * decades + 1 }, (_, i) => 10 ** (i - decades));
  return {
    type: 'log',
    min: 10 ** -decades,
    max: 10 ** decades,
    axisLabel: { color: quietInk, fontSize: 12, formatter: (value: number) => formatValue(value), customValues: ticks },
    axisTick: { show: true, customValues: ticks },
    splitLine: { show: true, lineStyle: { color: hairline } },
  };
}

function labelOf({ value: [ratio = 0] }: { readonly value: readonly number[] }): string {
  return `×${formatValue(ratio)}`;
}
