(() => {
  "use strict";
  const { themes, specs } = JSON.parse(document.getElementById("drawn").textContent);
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();

  // Every chart once; again when the ground turns from light to dark or goes to paper.
  function draw(dark) {
    for (const [id, spec] of Object.entries(specs)) {
      views.get(id)?.finalize();
      vegaEmbed(document.getElementById(id), spec, {
        mode: "vega-lite",
        renderer: "svg",
        config: themes[dark ? "dark" : "light"],
        tooltip: { theme: dark ? "dark" : "light" },
        actions: { export: true, source: false, compiled: false, editor: false },
        downloadFileName: id,
      }).then((result) => views.set(id, result), (problem) => {
        document.getElementById(id).textContent = "This chart could not be drawn: " + problem.message;
      });
    }
  }
  draw(night.matches);
  night.addEventListener("change", () => draw(night.matches));
  window.addEventListener("beforeprint", () => draw(false));
  window.addEventListener("afterprint", () => draw(night.matches));

  // Tables: a text to look for, a state to keep, a click on a heading to sort.
  for (const box of document.querySelectorAll("[data-filters]")) {
    const table = document.getElementById(box.dataset.filters);
    const rows = [...table.tBodies[0].rows];
    const [text, state] = [box.querySelector("input"), box.querySelector("select")];
    const show = () => {
      const wanted = text.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        const fits = row.textContent.toLowerCase().includes(wanted) && (!state.value || row.dataset.state === state.value);
        row.hidden = !fits;
        shown += fits;
      }
      box.querySelector("output").textContent = `${shown} of ${rows.length}`;
    };
    text.addEventListener("input", show);
    state.addEventListener("change", show);
    box.hidden = false;
    show();
  }
  for (const heading of document.querySelectorAll("table.sortable th")) {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[heading.cellIndex].dataset.key ?? row.cells[heading.cellIndex].textContent.trim();
      const body = heading.closest("table").tBodies[0];
      const order = (a, b) => key(a).localeCompare(key(b), undefined, { numeric: true });
      body.append(...[...body.rows].sort(up ? order : (a, b) => order(b, a)));
    });
  }
})();
