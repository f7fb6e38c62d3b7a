// A dashboard on one page, in Grafana's grid. It reports its contents to the server once complete, or an error.
import { createRoot } from 'react-dom/client';
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { framesOf, theme } from './frames.js';
import { Panel } from './panels.jsx';

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;
const MOST_PHONE = 768; // pixels
const SETTLE_MS = 3000; // tables measure themselves before they draw their rows; in the browser's virtual time

window.addEventListener('error', (event) => fail(event.error ?? event.message));
window.addEventListener('unhandledrejection', (event) => fail(event.reason));

function fail(problem) {
  report({ problem: String(problem?.stack ?? problem) });
}

function report(outcome) {
  fetch('./outcome', { method: 'POST', body: JSON.stringify(outcome) });
}

// Grafana's grid; on a phone, every panel below the one before.
function placesOf(board, width) {
  const column = (width - GAP) / COLUMNS;
  let below = 0;
  return board.panels.map(({ gridPos: { x, y, w, h } }) => {
    const place = width <= MOST_PHONE ? { x: 0, y: below, w: COLUMNS, h } : { x, y, w, h };
    below += h;
    return {
      left: GAP + place.x * column,
      top: GAP + place.y * (CELL + GAP),
      width: place.w * column - GAP,
      height: place.h * (CELL + GAP) - GAP,
    };
  });
}

function Board({ board, frames, when, width }) {
  const places = placesOf(board, width);
  const height = Math.max(...places.map((place) => place.top + place.height)) + GAP;
  return (
    <div data-board={board.uid} style={{ position: 'relative', width, height }}>
      {board.panels.map((panel, index) => {
        const { left, top, width, height } = places[index];
        const place = { position: 'absolute', left, top };
        if (panel.type === 'row') {
          return <div key={panel.id} style={{ ...place, fontSize: 16, fontWeight: 500, paddingTop: 8 }}>{panel.title}</div>;
        }
        return (
          <div key={panel.id} style={place}>
            <PanelChrome title={panel.title} width={width} height={height} padding="md">
              {(width, height) => <Panel panel={panel} frames={frames[panel.id]} when={when} width={width} height={height} />}
            </PanelChrome>
          </div>
        );
      })}
    </div>
  );
}

function contentsOf(board) {
  const drawn = document.querySelector(`[data-board="${board.uid}"]`);
  const markers = [...drawn.querySelectorAll('circle[data-place]')].map(({ dataset }) => [dataset.place, dataset.value]);
  return { text: drawn.innerText, markers, clipped: clippedTexts(drawn) };
}

// Texts that are cut by something around them; what scrolls may cut them at its edges.
function clippedTexts(root) {
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const range = document.createRange();
    range.selectNodeContents(text);
    const inner = range.getBoundingClientRect();
    if (text.data.trim() && inner.width && cutters(text.parentElement, root).some((outer) => cuts(outer, inner))) {
      found.push(text.data);
    }
  }
  return found;
}

function cuts(outer, inner) {
  return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
}

function cutters(element, root) {
  const found = [];
  for (let one = element; one && one !== root; one = one.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(one);
    if ([overflowX, overflowY].some((way) => way === 'auto' || way === 'scroll')) {
      break;
    }
    if ([overflowX, overflowY].some((way) => way === 'hidden' || way === 'clip') || one.role === 'columnheader') {
      found.push(one.getBoundingClientRect());
    }
  }
  return found;
}

async function framesOfBoard({ board, answers }) {
  const drawn = board.panels.filter((panel) => panel.type !== 'row');
  return Object.fromEntries(await Promise.all(drawn.map(async (panel) => [panel.id, await framesOf(panel, answers[panel.id])])));
}

async function main() {
  document.body.style.background = theme.colors.background.canvas;
  document.body.style.color = theme.colors.text.primary;
  await document.fonts.load('14px Inter').catch(() => {}); // elsewhere, any font will do
  const { boards, when, width } = await (await fetch('./data.json')).json();
  const frames = await Promise.all(boards.map(framesOfBoard));
  createRoot(document.getElementById('root'), { onUncaughtError: fail }).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles isExtensionSidebarOpen={false} hackNoBackdropBlur={true} />
      {boards.map(({ board }, index) => (
        <Board key={board.uid} board={board} frames={frames[index]} when={when} width={width} />
      ))}
    </ThemeContext.Provider>
  );
  setTimeout(() => report({ boards: boards.map(({ board }) => contentsOf(board)) }), SETTLE_MS);
}

main().catch(fail);
