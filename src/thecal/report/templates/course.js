// Replaces the still timeline by an interactive one that fits the window.
"use strict";
(() => {
  const host = document.getElementById("timeline");
  const spec = JSON.parse(document.getElementById("timeline-spec").textContent);
  const still = host.innerHTML;
  let drawn = 0;

  async function draw() {
    const room = host.clientWidth;
    if (Math.abs(room - drawn) < 8) return;
    drawn = room;
    const fitted = structuredClone(spec);
    const narrow = room < 520;
    for (const view of fitted.vconcat) {
      view.width = Math.max(160, room - 88);
      for (const layer of view.layer) {
        const { color, shape, x } = layer.encoding ?? {};
        for (const channel of [color, shape]) {
          if (channel?.legend) channel.legend.columns = narrow ? 2 : 4;
        }
        if (x?.axis && narrow) x.axis.tickCount = 4;
      }
    }
    try {
      // Expressions are interpreted, not compiled: the page allows no eval.
      await vegaEmbed(host, fitted, { actions: false, renderer: "svg", ast: true });
      document.getElementById("timeline-hint").hidden = false;
    } catch (error) {
      host.innerHTML = still;
      console.error(error);
    }
  }

  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, 150);
  });
  draw();
})();
