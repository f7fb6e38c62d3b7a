// A dashboard on one page, in Grafana's grid. It reports its contents to the server once complete, or an error.
import { createRoot } from 'react-dom/client';
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { framesOf, theme } from './frames.js';
import { Panel } from './panels.jsx';

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;
const SETTLE_MS = 3000; // tables measure themselves before they draw their rows; in the browser's virtual time

window.addEventListener('error', (event) => fail(event.error ?? event.message));
window.addEventListener('unhandledrejection', (event) => fail(event.reason));

function fail(problem) {
  report({ problem: String(problem?.stack ?? problem) });
}

function report(outcome) {
  fetch('./outcome', { method: 'POST', body: JSON.stringify(outcome) });
}

function Board({ board, frames, when, width }) {
  const column = (width - GAP) / COLUMNS;
  const bottom = Math.max(...board.panels.map(({ gridPos: { y, h } }) => y + h));
  return (
    <div style={{ position: 'relative', width, height: bottom * (CELL + GAP) + GAP }}>
      {board.panels.map((panel) => {
        const { x, y, w, h } = panel.gridPos;
        const place = { position: 'absolute', left: GAP + x * column, top: GAP + y * (CELL + GAP) };
        if (panel.type === 'row') {
          return <div key={panel.id} style={{ ...place, fontSize: 16, fontWeight: 500, paddingTop: 8 }}>{panel.title}</div>;
        }
        return (
          <div key={panel.id} style={place}>
            <PanelChrome title={panel.title} width={w * column - GAP} height={h * (CELL + GAP) - GAP} padding="md">
              {(width, height) => <Panel panel={panel} frames={frames[panel.id]} when={when} width={width} height={height} />}
            </PanelChrome>
          </div>
        );
      })}
    </div>
  );
}

function markers() {
  return [...document.querySelectorAll('circle[data-place]')].map(({ dataset }) => [dataset.place, dataset.value]);
}

async function main() {
  document.body.style.background = theme.colors.background.canvas;
  document.body.style.color = theme.colors.text.primary;
  const { board, answers, when, width } = await (await fetch('./data.json')).json();
  const drawn = board.panels.filter((panel) => panel.type !== 'row');
  const frames = Object.fromEntries(await Promise.all(drawn.map(async (panel) => [panel.id, await framesOf(panel, answers[panel.id])])));
  createRoot(document.getElementById('root'), { onUncaughtError: fail }).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles isExtensionSidebarOpen={false} hackNoBackdropBlur={true} />
      <Board board={board} frames={frames} when={when} width={width} />
    </ThemeContext.Provider>
  );
  await document.fonts.ready;
  setTimeout(() => report({ text: document.body.innerText, markers: markers() }), SETTLE_MS);
}

main().catch(fail);
