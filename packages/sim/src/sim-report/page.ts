import type { Report } from '../run/report.ts';
import { type Chart, renderChart } from './chart.ts';
import type { ChurnResult } from './churn-result.ts';
import { type ComparedValue, processorShare } from './comparison.ts';
import { type ChartSize, escapeText, formatValue } from './drawing.ts';
import type { FailingRun } from './failing-run.ts';
import type { Measured } from './measure.ts';
import { pageStyle } from './page-style.ts';
import { pricePlot, sessionPlots, simulatorPlots, sizePlots } from './plots.ts';
import { renderRatios } from './ratio-chart.ts';
import { leafSetPicture, nameOf, ringPicture } from './ring-picture.ts';
import type { RingSnapshot } from './ring-snapshot.ts';
import type { Speed } from './speed.ts';

export interface Comparison {
  /** Of one setting, one or several. */
  readonly reals: readonly ChurnResult[];
  /** Of the machine at the time of each, as the simulator was given it. */
  readonly speeds: readonly number[];
  /** One or several runs; the values are medians, as of the real ones. */
  readonly simulated: readonly Report[];
  readonly values: readonly ComparedValue[];
}

/** Everything on the page. */
export interface PageData {
  /** What makes the page again. */
  readonly command: string;
  readonly seed: number;
  readonly machine: string;
  readonly cpuSeconds: number;
  readonly bySession: readonly Measured[];
  readonly bySize: readonly Measured[];
  readonly byPeriod: readonly Measured[];
  readonly speeds: readonly Speed[];
  readonly comparisons: readonly Comparison[];
  readonly failingRuns: readonly FailingRun[];
}

/** Each chart is drawn twice, and the page shows the one that fits. */
const wide: ChartSize = { width: 560, height: 330 };
const narrow: ChartSize = { width: 340, height: 300 };
const band = [0.5, 2] as const;

/** One HTML page that needs nothing besides. */
export function renderPage(data: PageData): string {
  const sections = [
    section('sessions', 'How long nodes stay', sessionsText, charts(sessionPlots(data.bySession))),
    section('sizes', 'How many nodes there are', sizesText, charts(sizePlots(data.bySize))),
    section('price', 'What detection costs', priceText, charts([pricePlot(data.byPeriod)])),
    section('processes', 'Simulated and real', processesText, data.comparisons.map(comparison).join('') || noComparison),
    section('failing', 'A failing run', failingText, data.failingRuns.map(failingRun).join('')),
    section('simulator', 'The simulator itself', `On ${escapeText(data.machine)}.`, charts(simulatorPlots(data.bySize, data.speeds))),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dht: report of the simulator</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>dht: report of the simulator</h1>
${introduction(data)}
</header>
${sections.join('\n')}
</body>
</html>
`;
}

const sessionsText =
  'Sessions are exponentially distributed around their mean (Poisson churn). Nobody says goodbye, every node that goes is replaced by a fresh one, and machines fail as a whole, so that no closed connection gives a failure away. <b>lan</b> and <b>wan</b> are the two presets of the overlay: the first is quick to detect, the second cheap.';
const sizesText = 'The same measures, with the session time fixed and the number of nodes varied.';
const priceText =
  'A node learns of a silent neighbour sooner when heartbeats come more often, and pays for it with messages. Down and left is better.';
const processesText =
  'The churn test starts real daemons on one machine and kills, pauses and replaces them while clients put and get. Here the same schedule and the same clients are played on virtual time. The green band is a factor of two either way; outside it, the simulator’s model is wrong for that measure. The simulated daemons share the processor of one machine in slices, as real ones do; what a start, a message, a connection and a byte cost there is fitted to what <code>npm run bench -- --only processor</code> prints on the reference machine and, within the spread of that, to the processor time of all. How fast the machine was at the time of the test follows from the processor time that it took to form the network, before anything that is compared, and from what the same piece of work took before and after that.';
const failingText =
  'The ring at the first violations of a run: those of this page, those asked for with <code>--picture SCENARIO:SEED</code>, or else an example.';
const noComparison =
  '<p class="note">No result of the churn test was given. <code>npm run churn -- --peers 50 --turnover --json churn.json</code> writes one; <code>npm run sim:report -- --churn churn.json</code> shows it here.</p>';

function introduction({ command, cpuSeconds, bySession, bySize, byPeriod }: PageData): string {
  const runs = [...bySession, ...bySize, ...byPeriod];
  const lookups = runs.reduce((sum, { figures }) => sum + figures.lookups.ok + figures.lookups.wrong + figures.lookups.lost, 0);
  const crashes = runs.reduce((sum, { figures }) => sum + figures.failures.crashes, 0);
  const falseVerdicts = runs.reduce((sum, { figures }) => sum + figures.failures.falseVerdicts, 0);
  return `<p>How the overlay of dht does under churn: ${runs.length} simulated networks, ${count(lookups, 'lookup')}, ${count(crashes, 'failed node')},
${count(falseVerdicts, 'live node')} taken for failed. Every run is made from its seed and can be repeated; the page was made by <code>${escapeText(command)}</code>
in ${formatValue(cpuSeconds)} s of processor time. Below every plot are its numbers.</p>
<nav><a href="#sessions">Session time</a> <a href="#sizes">Network size</a> <a href="#price">Price of detection</a> <a href="#processes">Simulated and real</a> <a href="#failing">A failing run</a> <a href="#simulator">The simulator</a></nav>`;
}

function count(value: number, what: string): string {
  return `${value === 0 ? 'no' : value.toLocaleString('en')} ${what}${value === 1 ? '' : 's'}`;
}

function section(id: string, title: string, text: string, content: string): string {
  return `<section id="${id}"><h2>${title}</h2>${text === '' ? '' : `<p>${text}</p>`}${content}</section>`;
}

function charts(all: readonly Chart[]): string {
  return `<div class="charts">${all.map(figure).join('')}</div>`;
}

function figure(chart: Chart): string {
  return `<figure><h3>${chart.title}</h3><figcaption>${chart.about}</figcaption>${inBothSizes((size) => renderChart(chart, size), wide, narrow)}${numbers(chart)}</figure>`;
}

function inBothSizes(render: (size: ChartSize) => string, whenWide: ChartSize, whenNarrow: ChartSize): string {
  return `<div class="wide">${render(whenWide)}</div><div class="narrow">${render(whenNarrow)}</div>`;
}

/** The values of a chart as a table, one column for each series. */
function numbers({ x, y, series }: Chart): string {
  const isShared = series.every(({ points }) => points.every(({ label }) => label === undefined));
  const rows = isShared
    ? sharedRows(series)
    : series.flatMap(({ name, points }) => points.map((point) => [`${name}: ${point.label}`, formatValue(point.x), formatValue(point.y)]));
  const head = isShared ? [x.name, ...series.map(({ name }) => name)] : ['', x.name, y.name];
  return `<details><summary>numbers${isShared ? ` (${y.name})` : ''}</summary>${table(head, rows)}</details>`;
}

function sharedRows(series: Chart['series']): string[][] {
  const places = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b);
  return places.map((place) => [
    formatValue(place),
    ...series.map(({ points }) => {
      const point = points.find((each) => each.x === place);
      return point === undefined ? '–' : `${point.isBound === true ? '< ' : ''}${formatValue(point.y)}`;
    }),
  ]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[], rowClass: (index: number) => string = () => ''): string {
  const cells = (tag: 'th' | 'td', row: readonly string[]): string => row.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join('');
  const body = rows.map((row, index) => `<tr class="${rowClass(index)}">${cells('td', row)}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function comparison({ reals, speeds, simulated, values }: Comparison): string {
  const [first] = reals;
  if (first === undefined) return '';
  const share = Math.round(100 * processorShare(reals));
  const far = values.filter(({ isFar }) => isFar);
  const title = `${first.peers} daemons, r = ${first.replicas}${first.survivorsAgreeMs === undefined ? '' : ', half of them killed at one instant'}`;
  const verdict =
    far.length === 0
      ? 'All measures are within a factor of two.'
      : `${far.length} of ${values.length} measures differ by more than a factor of two.`;
  const rows = values.map(({ name, unit, real, realRange, simulated: value, ratio, isFar }) => {
    const withUnit = (number: number): string => `${formatValue(number)}${unit === '' ? '' : ` ${unit}`}`;
    const range = reals.length === 1 ? '' : ` (${realRange.map(formatValue).join(' to ')})`;
    return [name, withUnit(real) + range, withUnit(value), `×${formatValue(ratio)}`, isFar ? 'more than a factor of two' : ''];
  });
  const height = 60 + 30 * values.length;
  const drawn = (size: ChartSize): string => renderRatios(title, 'simulated ÷ real', values, band, size);
  const runs = (of: readonly { readonly seed: number }[]): string => {
    const seeds = [...new Set(of.map(({ seed }) => seed))];
    return `${count(of.length, 'run')} (${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')})`;
  };
  const faster = speeds.map(formatValue).join(', ');
  return `<h3>${title}</h3><p>${verdict} Medians of ${runs(reals)} of real daemons${reals.length === 1 ? '' : ', with the least and the most in brackets,'} and of ${runs(simulated)} of simulated ones. The daemons took ${share} % of the ${first.machine.cores} cores of ${escapeText(first.machine.cpu)}, which was ${faster} times as fast as when the costs were measured. Left of the line the simulated network is quicker, or does less.</p>
<figure>${inBothSizes(drawn, { width: 900, height }, { width: narrow.width, height: height + 60 })}</figure>${table(['measure', 'real', 'simulated', 'simulated ÷ real', ''], rows, (index) => (values[index]?.isFar === true ? 'far' : ''))}`;
}

function failingRun({ about, isExample, report, pictures }: FailingRun): string {
  const name = `${isExample ? 'An example: ' : ''}${report.scenario}, seed ${report.seed}`;
  const repeat = ` ${count(report.violationsTotal, 'violation')}.`;
  const text = isExample
    ? 'This shows what the pictures of a failing run look like; nothing is wrong with it but what is demanded.'
    : repeat;
  return `<h3>${escapeText(name)}</h3><p>${escapeText(about)}. ${text}</p>${pictures.map(picture).join('')}`;
}

function picture(snapshot: RingSnapshot): string {
  const { checker, demand, message, atMs, concerned, mistakes, mistakesTotal, lastMessages } = snapshot;
  const shown = mistakesTotal > mistakes.length ? `, ${mistakes.length} of them drawn` : '';
  const messages =
    lastMessages.length === 0
      ? ''
      : `<details><summary>last messages between them</summary><pre>${escapeText(lastMessages.join('\n'))}</pre></details>`;
  const leafSets = concerned
    .map((leafSet) => `<h5>${nameOf(leafSet.node)}</h5><div class="scroll">${leafSetPicture(leafSet)}</div>`)
    .join('');
  return `<article><h4>${escapeText(checker)} (${demand}) at ${(atMs / 1000).toFixed(1)} s</h4><p>${escapeText(message)}</p>
<div class="picture"><figure>${ringPicture(snapshot)}<figcaption>Nodes by their place on the ring, clockwise from id 0: filled when they run, hollow when not; ringed in red: those concerned. Lines from a node to one that it holds wrongly (solid) or lacks (dashed): ${mistakesTotal} in all${shown}.</figcaption></figure>
<div><p>Leaf sets of those concerned, nearest neighbour first. Green: who should be there is. Red: who is there → who should be.</p>${leafSets}</div></div>${messages}</article>`;
}
