// The jobs of an API key: a browser sends a key only when a script does. The key stays in this tab.
const form = document.getElementById("jobs-form");
const field = document.getElementById("jobs-key");
const rows = document.getElementById("jobs-rows");
const said = document.getElementById("jobs-said");
const root = new URL(rows.dataset.root).pathname;
const EVERY_MS = 2000;
let timer = 0;

function ask(path, options = {}) {
  const key = field.value.trim();
  const headers = { Accept: "application/json", ...(key ? { "X-API-Key": key } : {}) };
  return fetch(root + path, { ...options, headers });
}

function cell(row, content) {
  const made = row.insertCell();
  made.append(content);
  return made;
}

function button(job) {
  const made = document.createElement("button");
  made.className = "button";
  made.textContent = rows.dataset.dismiss;
  made.addEventListener("click", async () => {
    await ask(`/jobs/${job.jobID}`, { method: "DELETE" });
    await show();
  });
  return made;
}

function add(job) {
  const row = rows.insertRow();
  cell(row, job.processID).title = job.jobID;
  cell(row, [rows.dataset[job.status], job.message].filter(Boolean).join(": "));
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = job.progress;
  bar.title = `${job.progress} %`;
  cell(row, bar);
  cell(row, new Date(job.created).toLocaleString(document.documentElement.lang));
  cell(row, button(job));
}

async function show() {
  clearTimeout(timer);
  const answer = await ask("/jobs?limit=100&f=json");
  said.textContent = answer.ok ? "" : said.dataset.refused;
  if (!answer.ok) return;
  sessionStorage.setItem("geoportal.key", field.value.trim());
  const { jobs } = await answer.json();
  if (!jobs.length) said.textContent = said.dataset.none;
  rows.replaceChildren();
  jobs.forEach(add);
  timer = setTimeout(show, EVERY_MS);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
field.value = sessionStorage.getItem("geoportal.key") ?? "";
show();
