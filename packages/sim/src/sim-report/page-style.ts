/** The look of the page. No font, picture or script is fetched. */
export const pageStyle = `
:root{color-scheme:light;--ink:#1f2933;--quiet:#52606d;--line:#e4e7eb;--far:#fdecea}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1240px;padding:24px 20px 60px;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:#fff}
h1{font-size:1.7rem;margin:0 0 8px}h2{font-size:1.3rem;margin:48px 0 8px;padding-top:16px;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:28px 0 2px}h4{font-size:1rem;margin:24px 0 0}h5{font-size:.9rem;margin:14px 0 2px}
p{max-width:80ch;margin:6px 0}code,pre{font:.85em ui-monospace,monospace;background:#f5f7fa;border-radius:4px}
code{padding:1px 4px;overflow-wrap:anywhere}pre{padding:10px;overflow-x:auto}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:10px}a{color:#1d5fb4}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:0 36px}
.charts figure{display:grid;grid-row:span 4;grid-template-rows:subgrid;gap:0}
figure{margin:0;min-width:0}figcaption{color:var(--quiet);font-size:.86rem;max-width:75ch;margin-bottom:8px}
svg{max-width:100%;height:auto;display:block;font:13px system-ui,sans-serif}svg .quiet{fill:var(--quiet)}
.narrow{display:none}
details{font-size:.86rem;color:var(--quiet);margin-top:4px}summary{cursor:pointer}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.86rem;margin:8px 0;font-variant-numeric:tabular-nums;color:var(--ink)}
th,td{padding:4px 14px 4px 0;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
th:first-child,td:first-child{text-align:left}th{font-weight:600}tr.far td{background:var(--far)}
.note{color:var(--quiet)}.picture{display:grid;grid-template-columns:minmax(280px,460px) minmax(0,1fr);gap:24px;align-items:start}
.scroll svg{max-width:none}
@media(max-width:720px){body{padding:16px 14px 40px}.wide{display:none}.narrow{display:block}.picture{grid-template-columns:minmax(0,1fr)}}
`;
