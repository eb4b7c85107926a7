import { useEffect, useState } from 'preact/hooks';
import { useApp } from './context';

/** After this long without a connection the bar appears: a blip needs no words. */
const patience = 1_000;

/** A slim line that says that the network is away; nothing is blocked by it. */
export function Banner() {
  const app = useApp();
  const lost = app.link.value !== 'online';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!lost) return setShown(false);
    const timer = setTimeout(() => setShown(true), patience);
    return () => clearTimeout(timer);
  }, [lost]);
  const n = app.unsent.value;
  return (
    <div class={`banner${shown && lost ? ' shown' : ''}`} role="status">
      {shown && lost && (
        <>
          <span class="spinner" aria-hidden="true" />
          <span>
            {navigator.onLine ? 'Reconnecting…' : 'You are offline.'}
            {n > 0 && ` ${n} waiting.`}
          </span>
          <button type="button" class="quiet" onClick={() => app.client.nudge()}>Try now</button>
        </>
      )}
    </div>
  );
}
