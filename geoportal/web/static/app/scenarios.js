// The scenarios of an API key: a browser sends a key only when a script does. The key stays in this tab.
const form = document.getElementById("scenarios-form");
const field = document.getElementById("scenarios-key");
const rows = document.getElementById("scenarios-rows");
const table = document.getElementById("scenarios-table");
const how = document.getElementById("scenarios-how");
const said = document.getElementById("scenarios-said");
const root = new URL(rows.dataset.root).pathname;

function add(one) {
  const row = rows.insertRow();
  const cells = [one.title, one.name, one.area, one.layers.join(", ")];
  cells.push(one.shared ? rows.dataset.yes : rows.dataset.no);
  cells.push(new Date(one.saved).toLocaleString(document.documentElement.lang));
  cells.forEach((text) => row.insertCell().append(text));
}

async function show() {
  const key = field.value.trim();
  const headers = { Accept: "application/json", ...(key ? { "X-API-Key": key } : {}) };
  const answer = await fetch(`${root}/scenarios?limit=1000&f=json`, { headers });
  said.textContent = answer.ok ? "" : said.dataset.refused;
  if (!answer.ok) return;
  sessionStorage.setItem("geoportal.key", key);
  const { scenarios } = await answer.json();
  if (!scenarios.length) said.textContent = said.dataset.none;
  table.hidden = !scenarios.length;
  how.hidden = Boolean(scenarios.length);
  rows.replaceChildren();
  scenarios.forEach(add);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
field.value = sessionStorage.getItem("geoportal.key") ?? "";
if (field.value) show();
