"use strict";
(() => {
  const table = document.getElementById("table");
  if (!table) return;
  const ROWS_A_PAGE = 50;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLocaleLowerCase()]));
  const form = document.querySelector(".controls");
  const pager = document.querySelector(".pager");
  const [search, column, code] = ["search", "by-column", "by-code"].map((id) => document.getElementById(id));
  const [found, page, before, after] = ["found", "page", "before", "after"].map((id) => document.getElementById(id));
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  let matching = rows;
  let at = 0;

  const counted = (number) => number.toLocaleString(document.documentElement.lang);
  const show = () => {
    const last = Math.max(Math.ceil(matching.length / ROWS_A_PAGE) - 1, 0);
    at = Math.min(Math.max(at, 0), last);
    body.replaceChildren(...matching.slice(at * ROWS_A_PAGE, (at + 1) * ROWS_A_PAGE));
    const text = [found.dataset.none, found.dataset.one][matching.length] ?? found.dataset.many;
    found.textContent = text.replace("#", counted(matching.length));
    page.textContent = page.dataset.text.replace("#", counted(at + 1)).replace("#", counted(last + 1));
    before.disabled = at === 0;
    after.disabled = at === last;
    pager.hidden = last === 0;
  };
  const filter = () => {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    matching = rows.filter((row) =>
      (!column.value || row.dataset.column === column.value) &&
      (!code.value || row.dataset.code === code.value) &&
      words.every((word) => texts.get(row).includes(word)));
    at = 0;
    show();
  };
  const sort = (header, number) => {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, row.cells[number].textContent]));
    rows.sort((a, b) => compare(keys.get(a), keys.get(b)) * (down ? -1 : 1));
    filter();
  };

  Array.from(table.tHead.rows[0].cells).forEach((header, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header, number));
    header.append(button);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  before.addEventListener("click", () => { at -= 1; show(); });
  after.addEventListener("click", () => { at += 1; show(); });
  form.hidden = false;
  show();
})();
