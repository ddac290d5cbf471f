// Puts the page together from the data of its arms.
"use strict";

const THEMES = ["system", "light", "dark"];

function themeButton() {
  const button = byId("theme");
  let theme = "system";
  try {
    theme = localStorage.getItem("advisor-report-theme") || theme;
  } catch { /* a page from a file may have no storage: the choice lasts as long as the page */ }
  const apply = () => {
    document.documentElement.dataset.theme = theme;
    button.textContent = "Colours: " + theme;
    button.setAttribute("aria-label", "Colours: " + theme + ". Press to change.");
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try {
      localStorage.setItem("advisor-report-theme", theme);
    } catch { /* as above */ }
    apply();
  });
  apply();
}

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName));
}

function start() {
  const began = performance.now();
  themeButton();
  const arm = list(block("report").arms)[0];
  const items = readItems(block("items-0"));
  const calls = readCalls(0);
  let browser = null;
  const openItems = (given) => browser.show(given);
  items.open = (id) => browser.open(id);
  head(arm);
  coverageSection(arm, openItems);
  adviceSection(arm, openItems, calls.of);
  dropsSection(arm, items, openItems);
  checksSection(arm, items);
  variantsSection(arm);
  saturationSection(arm);
  trafficSection(arm);
  browser = itemsSection(arm, items, calls);
  setupSection(arm);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      browser.search.focus();
      browser.search.select();
    }
  });
  const chosen = () => {
    const id = /^#(r\d+-\d+)$/.exec(location.hash);
    if (id) browser.open(id[1]);
  };
  window.addEventListener("hashchange", chosen);
  chosen();
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

start();
