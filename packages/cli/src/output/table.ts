import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
}

/** Rows below their headers, columns two spaces apart, no blanks at the ends of lines. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.header), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => visibleWidth(line[index] ?? ''))));
  return lines.map((line) => renderLine(columns, widths, line)).join('\n');
}

/** `name  value` lines with the values aligned; further values of one name go below the first. */
export function renderFields(fields: readonly (readonly [name: string, ...values: string[]])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  const lines = fields.flatMap(([name, ...values]) => values.map((value, index) => `${(index === 0 ? name : '').padEnd(width)}  ${value}`));
  return lines.map((line) => line.trimEnd()).join('\n');
}

function renderLine(columns: readonly Column[], widths: readonly number[], line: readonly string[]): string {
  const cells = columns.map((column, index) => pad(line[index] ?? '', widths[index] ?? 0, column.align ?? 'left'));
  return cells.join('  ').trimEnd();
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - visibleWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
