package io.github.calculationguard.report;

/**
 * The look of the page on the dashboard. The console's theme is told to the function, and is not
 * the browser's own.
 */
final class WidgetStyle {

  static final String CSS =
      """
      <style>
      .cg{container-type:inline-size;padding:4px 12px 8px;font:14px/1.4 "Amazon Ember",Helvetica,Arial,sans-serif;\
      color:var(--text);background:var(--ground);box-sizing:border-box;\
      --text:#16191f;--dim:#545b64;--ground:#fff;--line:#e3e6ea;--soft:#f3f5f7;--busy:#0a5fb4;--busy-soft:#e2effb;\
      --idle:#8a5300;--idle-soft:#fdf0d9;--bad:#b3190e;--bad-soft:#fce5e2;--fine:#2c8a3b;--near:#d98200;--over:#d13212}
      .cg-dark{--text:#e9ebed;--dim:#a3abb8;--ground:#0f1b2a;--line:#2b3a4d;--soft:#192838;--busy:#8cc3ff;--busy-soft:#173656;\
      --idle:#f5c46b;--idle-soft:#3d2f12;--bad:#ff9e91;--bad-soft:#4a1c18;--fine:#4cb860;--near:#f0a52e;--over:#f4614a}
      .cg *{box-sizing:border-box}
      .cg-dim{color:var(--dim);font-size:12px}
      .cg-totals{display:flex;flex-wrap:wrap;gap:8px;margin:4px 0 10px}
      .cg-total{flex:1 1 150px;padding:8px 14px;background:var(--soft);border-radius:8px}
      .cg-big{font-size:26px;line-height:1.25;font-weight:700;font-variant-numeric:tabular-nums}
      .cg-nothing{padding:20px 0;text-align:center;font-size:18px;margin:0}
      .cg table{display:block;width:100%;margin:0;border:0}
      .cg thead{display:none}
      .cg tbody{display:block}
      .cg tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:4px 14px;padding:9px 0;border-top:1px solid var(--line);\
      grid-template-areas:"what stop" "state usd" "limit dpu"}
      .cg td{display:block;padding:0;border:0;min-width:0;vertical-align:top;overflow-wrap:anywhere}
      .cg td>.cg-dim{display:block}
      .cg-what{grid-area:what}.cg-stop{grid-area:stop;justify-self:end}.cg-usd{grid-area:usd}.cg-dpu{grid-area:dpu}
      .cg-state{grid-area:state}.cg-limit{grid-area:limit}
      .cg-num{text-align:right;font-variant-numeric:tabular-nums}
      .cg-said{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;font-weight:600;text-align:left}
      .cg-id{font-family:Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:11px;cursor:help}
      .cg-badge{display:inline-block;padding:1px 8px;border-radius:10px;font-size:11px;font-weight:700;letter-spacing:.03em}
      .cg-busy{color:var(--busy);background:var(--busy-soft)}
      .cg-idle{color:var(--idle);background:var(--idle-soft)}
      .cg-bad{color:var(--bad);background:var(--bad-soft)}
      .cg-bar{height:6px;margin:5px 0 3px;border-radius:3px;background:var(--line);overflow:hidden}
      .cg-bar>div{height:100%;border-radius:3px}
      .cg-fine{background:var(--fine)}.cg-near{background:var(--near)}.cg-over{background:var(--over)}
      .cg-button{display:inline-block;padding:3px 14px;border:1px solid var(--bad);border-radius:14px;color:var(--bad);\
      font-size:13px;font-weight:700;text-decoration:none;cursor:pointer;user-select:none}
      .cg-button:hover{background:var(--bad);color:var(--ground)}
      .cg cwdb-action{display:none}
      .cg-gaps{margin:10px 0;padding:8px 14px;border-left:4px solid var(--near);background:var(--soft);overflow-wrap:anywhere}
      .cg-gaps ul{margin:4px 0 0;padding-left:18px}
      .cg-legend{margin:10px 0 0}
      @container (min-width:820px){
      .cg table{display:table;table-layout:fixed;border-collapse:collapse}
      .cg thead{display:table-header-group}
      .cg tbody{display:table-row-group}
      .cg tr{display:table-row}
      .cg th,.cg td{display:table-cell;padding:8px 10px;border-top:1px solid var(--line)}
      .cg th{padding:4px 10px;border-top:0;text-align:left;font-size:12px;font-weight:600;color:var(--dim)}
      .cg th.cg-num{text-align:right}
      .cg th:nth-child(1){width:15%}.cg th:nth-child(2){width:11%}.cg th:nth-child(4){width:14%}
      .cg th:nth-child(5){width:20%}.cg th:nth-child(6){width:84px}
      .cg td.cg-stop{text-align:right}
      .cg-unit{display:none}
      }
      </style>
      """;

  private WidgetStyle() {}
}
