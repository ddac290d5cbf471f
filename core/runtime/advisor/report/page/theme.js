// The colours of the page: those of the system, until somebody chooses.
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
