// Where the window is. The address behind the # is the truth.
import { hrefOf, routeOf, type Route } from '../rules/routes.ts';

export class Navigation {
  route = $state.raw<Route>({ page: 'home' });

  constructor() {
    this.route = routeOf(location.hash);
  }

  /** Follows the address until the returned function is called. */
  run(): () => void {
    const follow = (): void => {
      this.route = routeOf(location.hash);
    };
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }

  go(route: Route): void {
    const href = hrefOf(route);
    if (location.hash !== href) location.hash = href;
    this.route = route;
  }
}
