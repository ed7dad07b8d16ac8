// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The Cancel page: starts an operation, shows what the hub reports of it, and cancels it.

const signalR = globalThis.signalR;

const LOG_LINES = 500;
const EARLY_EVENTS = 500;
const REMEMBERED = 'kr-task';
const TEXT_OF_STATE = {
  'idle': 'Idle',
  'starting': 'Starting…',
  'running': 'Running',
  'cancelling': 'Cancelling…',
  'completed': 'Completed',
  'cancelled': 'Cancelled',
  'failed': 'Failed',
  'timed-out': 'Timed out',
};
const STATE_OF_MESSAGE = { 'Completed': 'completed', 'Cancelled': 'cancelled', 'Timed out': 'timed-out' };
const ACTIVE = ['starting', 'running', 'cancelling'];

const element = (id) => document.getElementById(id);
const view = {
  operation: element('operation'), controls: element('controls'), kind: element('kind'), seconds: element('seconds'),
  start: element('start'),
  cancel: element('cancel'), trouble: element('trouble'), percent: element('percent'), state: element('state'),
  bar: element('bar'), message: element('message'), task: element('task'), elapsed: element('elapsed'),
  remaining: element('remaining'), speed: element('speed'),
  latency: element('latency'), spoken: element('spoken'), log: element('log'), clear: element('clear'),
  link: element('link'), linkText: element('link-text'), reconnect: element('reconnect'),
};

// --- what is shown ---------------------------------------------------------------------------------------------------

function addLogLine(text, kind = 'plain', percent = null, when = new Date()) {
  const line = document.createElement('li');
  const time = document.createElement('time');
  const at = document.createElement('span');
  const words = document.createElement('span');
  const follow = view.log.scrollTop + view.log.clientHeight >= view.log.scrollHeight - 8;

  time.dateTime = when.toISOString();
  time.textContent = when.toTimeString().slice(0, 8) + '.' + String(when.getMilliseconds()).padStart(3, '0');
  at.className = 'at';
  at.textContent = percent === null ? '' : `${percent}%`;
  words.className = 'text';
  words.textContent = text;
  line.dataset.kind = kind;
  line.append(time, at, words);
  view.log.append(line);
  while (view.log.childElementCount > LOG_LINES)
    view.log.firstElementChild.remove();
  if (follow) // somebody who scrolled up to read stays there
    view.log.scrollTop = view.log.scrollHeight;
}

function showTrouble(text) {
  view.trouble.textContent = text;
  view.trouble.hidden = text === '';
  if (text !== '')
    addLogLine(text, 'bad');
}

function showProgress(percent, message) {
  view.percent.textContent = String(percent);
  view.bar.setAttribute('aria-valuenow', String(percent));
  view.bar.style.setProperty('--done', String(percent));
  view.message.textContent = message;
}

/** As the window of kr-tasks writes it. */
function formatDuration(seconds) {
  const whole = Math.round(seconds);

  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function formatAmount(number, unit) {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let power = 0;

  if (unit !== 'bytes')
    return `${number} ${unit}`;
  for (; number >= 1000 && power < prefixes.length - 1; power++)
    number /= 1000;
  return `${power === 0 ? number : number.toFixed(1)} ${prefixes[power]}B`;
}

/** How fast it goes and how long it will take; what is not known is a dash. */
function showMeasures(data = {}) {
  const { Unit: unit, Done: done, Total: total, Rate: rate, Remaining: remaining } = data;

  view.remaining.textContent = remaining === undefined ? '–' : formatDuration(Number(remaining));
  view.speed.textContent = unit === undefined || !(rate > 0) ? '–'
    : `${formatAmount(Number(rate), unit)}/s, ${formatAmount(Number(done), unit)} of ${formatAmount(Number(total), unit)}`;
}

function showLink(link, text) {
  view.link.dataset.link = link;
  view.linkText.textContent = text;
  view.reconnect.hidden = link !== 'waiting';
  updateButtons();
}

const isActive = () => ACTIVE.includes(run.state);

function updateButtons() {
  const before = document.activeElement;

  run.keyboard = view.controls.contains(before) || (run.keyboard && before === document.body);
  view.start.disabled = isActive() || view.link.dataset.link !== 'connected';
  view.seconds.disabled = isActive();
  view.kind.disabled = isActive();
  view.cancel.disabled = run.state !== 'running';
  // What is disabled loses the keyboard to the page as a whole: hand it to the button that makes sense next.
  const focused = document.activeElement;
  if (run.keyboard && (focused === document.body || focused.disabled))
    [view.cancel, view.start].find((button) => !button.disabled)?.focus();
}

function setState(state) {
  run.state = state;
  view.operation.dataset.state = state;
  view.state.textContent = TEXT_OF_STATE[state];
  view.spoken.textContent = TEXT_OF_STATE[state];
  updateButtons();
}

// --- one run ---------------------------------------------------------------------------------------------------------

const run = { state: 'idle', id: '', startedAt: 0, clickedAt: 0, quarter: 0, early: [], keyboard: false };

function beginRun() {
  Object.assign(run, { id: '', startedAt: performance.now(), clickedAt: 0, quarter: 0, early: [] });
  view.task.textContent = '–';
  view.latency.textContent = '–';
  showTrouble('');
  showProgress(0, '');
  showMeasures();
  setState('starting');
}

/** The answer to the start request names the task; events that overtook it have waited for this. */
function adoptTask(id) {
  const early = run.early;

  run.id = id;
  run.early = [];
  view.task.textContent = id;
  sessionStorage.setItem(REMEMBERED, id);
  setState('running');
  for (const event of early)
    handleTaskEvent(event.eventName, event.data);
}

function endRun(state) {
  view.elapsed.textContent = elapsedText();
  showMeasures();
  sessionStorage.removeItem(REMEMBERED);
  setState(state);
}

const elapsedText = () => `${((performance.now() - run.startedAt) / 1000).toFixed(1)} s`;

setInterval(() => {
  if (isActive())
    view.elapsed.textContent = elapsedText();
}, 100);

function speakQuarters(percent) {
  const quarter = Math.floor(percent / 25);

  if (quarter > run.quarter && percent < 100)
    view.spoken.textContent = `${quarter * 25} percent`;
  run.quarter = quarter;
}

function handleTaskEvent(eventName, data) {
  const percent = Math.min(100, Math.max(0, Math.round(Number(data.Progress) || 0)));
  const message = String(data.Message ?? '');
  const when = new Date(data.Timestamp ?? Date.now());

  if (data.TaskId !== run.id || !isActive())
    return;
  if (eventName === 'OperationProgress') {
    showProgress(percent, message);
    showMeasures(data);
    addLogLine(message, 'plain', percent, when);
    speakQuarters(percent);
    return;
  }
  showProgress(percent, view.message.textContent); // the last step stays: that is how far it came
  if (run.clickedAt > 0)
    view.latency.textContent = `${(performance.now() - run.clickedAt).toFixed(1)} ms, from the click to the event`;
  addLogLine(message, message === 'Completed' ? 'good' : 'bad', percent, when);
  endRun(STATE_OF_MESSAGE[message] ?? 'failed');
}

function handleEvent(event) {
  const { eventName, data } = event ?? {};

  if ((eventName !== 'OperationProgress' && eventName !== 'OperationComplete') || !data?.TaskId)
    return;
  if (run.state === 'starting' && run.id === '') {
    if (run.early.length < EARLY_EVENTS)
      run.early.push(event);
  } else {
    handleTaskEvent(eventName, data);
  }
}

/** Asks for the state of the run, in case its last event was missed while the connection was down. */
async function catchUp() {
  const id = run.id;
  const response = await fetch(`/tasks/state?id=${encodeURIComponent(id)}`, { cache: 'no-store' });
  const record = await readJson(response);

  if (id !== run.id || !isActive())
    return;
  if (response.status === 404) {
    showTrouble('The server no longer knows this task.');
    endRun('failed');
    return;
  }
  const percent = record.Progress?.PercentComplete ?? 0;
  const ended = { Completed: 'Completed', Failed: 'Failed', Stopped: 'Cancelled' }[record.StateText];
  if (ended !== undefined)
    handleTaskEvent('OperationComplete', { TaskId: id, Progress: percent, Message: ended });
  else
    showProgress(percent, record.Progress?.StatusMessage ?? '');
}

// --- requests --------------------------------------------------------------------------------------------------------

let token = null;

async function readJson(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

async function fetchToken() {
  const response = await fetch('/csrf-token', { credentials: 'same-origin', cache: 'no-store' });

  if (!response.ok)
    throw new Error(`The server gave no antiforgery token (${response.status}).`);
  token = await response.json();
}

function send(path) {
  return fetch(path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', [token.headerName]: token.token },
    body: '{}',
  });
}

/** A guarded POST. A server that was started anew does not know old tokens: then once more, with a new one. */
async function post(path) {
  if (token === null)
    await fetchToken();
  let response = await send(path);
  let answer = await readJson(response);
  if (response.status === 400 && /antiforgery/i.test(answer.title ?? '')) {
    await fetchToken();
    response = await send(path);
    answer = await readJson(response);
  }
  if (!response.ok)
    throw new Error(answer.detail ?? answer.error ?? answer.Error ?? answer.Message ?? `Answer ${response.status}.`);
  return answer;
}

async function startOperation() {
  const seconds = view.seconds.value.trim();

  if (isActive())
    return;
  if (!view.seconds.checkValidity()) {
    showTrouble('The duration is a whole number from 1 to 600.');
    view.seconds.focus();
    return;
  }
  beginRun();
  try {
    const answer = await post(`/api/operation/start?seconds=${encodeURIComponent(seconds)}&kind=${encodeURIComponent(view.kind.value)}`);
    adoptTask(String(answer.TaskId ?? answer.taskId ?? answer.id));
  } catch (error) {
    showTrouble(`Not started: ${error.message}`);
    endRun('failed');
  }
}

async function cancelOperation() {
  if (run.state !== 'running')
    return;
  run.clickedAt = performance.now();
  setState('cancelling');
  addLogLine('Cancel requested');
  try {
    await post(`/tasks/cancel?id=${encodeURIComponent(run.id)}`);
  } catch (error) {
    if (run.state !== 'cancelling') // it ended first, and said so itself
      return;
    showTrouble(`Not cancelled: ${error.message}`);
    setState('running');
    catchUp().catch(() => {});
  }
}

// --- the hub ---------------------------------------------------------------------------------------------------------

const RETRY_DELAYS = [0, 500, 1000, 2000, 5000];
const LONGEST_DELAY = 10000;

/** Never gives up; a little chance keeps many pages from coming back in the same instant. */
function retryDelay(attempt) {
  const delay = RETRY_DELAYS[attempt] ?? LONGEST_DELAY;

  return Math.round(delay * (0.8 + 0.4 * Math.random()));
}

let wake = () => {};

/** Waits, with a countdown and a button that cuts it short. */
async function waitToRetry(milliseconds) {
  const until = performance.now() + milliseconds;
  let woken = false;

  wake = () => { woken = true; };
  while (!woken && performance.now() < until) {
    showLink('waiting', `Not connected, next try in ${Math.ceil((until - performance.now()) / 1000)} s`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

const connection = new signalR.HubConnectionBuilder()
  .withUrl('/hubs/kestrun')
  .withServerTimeout(10000)
  .withKeepAliveInterval(3000) // the server gives up on a client that is silent for 10 seconds
  .configureLogging(signalR.LogLevel.None)
  .build();

/** The client's own reconnect does not cover the first start, so one loop does both. */
async function connect() {
  for (let attempt = 0; ; attempt++) {
    showLink('connecting', attempt === 0 ? 'Connecting…' : `Connecting, try ${attempt + 1}…`);
    try {
      await connection.start();
      showLink('connected', 'Connected');
      addLogLine('Connected to the hub', 'link');
      if (run.id !== '' && isActive())
        await catchUp().catch((error) => showTrouble(error.message));
      return;
    } catch {
      await waitToRetry(retryDelay(attempt));
    }
  }
}

connection.on('ReceiveEvent', handleEvent);
connection.on('serverShutdown', (reason) => addLogLine(String(reason ?? 'The server is stopping'), 'link'));
for (const unused of ['ReceiveLog', 'ReceiveEcho', 'GroupJoined', 'GroupLeft'])
  connection.on(unused, () => {});
connection.onclose(() => {
  addLogLine('Connection lost', 'link');
  connect();
});

// --- the reader ------------------------------------------------------------------------------------------------------

view.controls.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!view.start.disabled)
    startOperation();
});
view.cancel.addEventListener('click', cancelOperation);
view.cancel.addEventListener('keydown', (event) => {
  if (event.repeat) // the Enter that started it, still held down
    event.preventDefault();
});
view.clear.addEventListener('click', () => view.log.replaceChildren());
view.reconnect.addEventListener('click', () => wake());
window.addEventListener('online', () => wake());
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && run.state === 'running')
    cancelOperation();
});

/** A page that is loaded anew goes on showing the run it has started. */
function resume() {
  const id = sessionStorage.getItem(REMEMBERED);

  if (id === null)
    return;
  beginRun();
  adoptTask(id);
  addLogLine(`Looking for the task of before: ${id}`, 'link');
}

resume();
fetchToken().catch((error) => showTrouble(error.message));
connect();
