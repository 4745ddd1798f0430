/** Starts the console in the page. */
import '../view/style.css';
import '../view/layout.css';
import { render } from 'preact';
import { followCity } from '../data/live.ts';
import { App } from '../view/app.tsx';

const root = document.getElementById('app');
if (root) {
  followCity();
  render(<App />, root);
}
