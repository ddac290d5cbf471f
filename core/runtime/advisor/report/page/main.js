// Puts the page together from the data of its arms.
"use strict";

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
  if (scoresOf(arm).length) {
    scoresSection(arm, openItems);
  } else {
    coverageSection(arm, openItems);
    adviceSection(arm, openItems, calls.of);
    dropsSection(arm, items, openItems);
    checksSection(arm, items);
    variantsSection(arm);
    saturationSection(arm);
  }
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
