import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { App } from '../store/app';

export const AppContext = createContext<App | null>(null);

/** The app that the views show. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('a view outside of the app');
  return app;
}
