// The places of the window as addresses behind the #, so that the history of
// the web view, links and a reload all work.
import type { Item, ProjectFilter, Sort } from '../backend/bindings.ts';

export type Route =
  | { page: 'home' }
  | { page: 'projects'; filter: ProjectFilter }
  | { page: 'project'; account: string; item: Item }
  | { page: 'snapshots' }
  | { page: 'snapshot'; id: string }
  | { page: 'activity' }
  | { page: 'run'; id: string }
  | { page: 'settings' }
  | { page: 'permissions'; account: string }
  | { page: 'plan'; id: string }
  | { page: 'rules' }
  | { page: 'notifications' }
  | { page: 'setup' };

/** The entries of the sidebar. */
export type Section = 'home' | 'projects' | 'snapshots' | 'activity' | 'settings';

const FILTERS: readonly ProjectFilter[] = ['all', 'unprotected', 'stale', 'partial', 'gone'];

export function hrefOf(route: Route): string {
  const part = encodeURIComponent;
  switch (route.page) {
    case 'projects':
      return route.filter === 'all' ? '#/projects' : `#/projects?show=${route.filter}`;
    case 'project':
      return `#/projects/${part(route.account)}/${route.item.sort}/${route.item.id}`;
    case 'snapshot':
      return `#/snapshots/${part(route.id)}`;
    case 'run':
      return `#/activity/${part(route.id)}`;
    case 'permissions':
      return `#/settings/accounts/${part(route.account)}`;
    case 'plan':
      return `#/settings/plans/${part(route.id)}`;
    case 'rules':
    case 'notifications':
      return `#/settings/${route.page}`;
    default:
      return `#/${route.page}`;
  }
}

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first = '', second, third, fourth] = path.split('/').map(decode);
  switch (first) {
    case 'projects':
      if (second && third && fourth) return projectRoute(second, third, fourth);
      return { page: 'projects', filter: filterOf(new URLSearchParams(query).get('show')) };
    case 'snapshots':
      return second ? { page: 'snapshot', id: second } : { page: 'snapshots' };
    case 'activity':
      return second ? { page: 'run', id: second } : { page: 'activity' };
    case 'settings':
      if (second === 'accounts' && third) return { page: 'permissions', account: third };
      if (second === 'plans' && third) return { page: 'plan', id: third };
      if (second === 'rules' || second === 'notifications') return { page: second };
      return { page: 'settings' };
    case 'setup':
      return { page: 'setup' };
    default:
      return { page: 'home' };
  }
}

export function sectionOf(route: Route): Section {
  switch (route.page) {
    case 'project':
      return 'projects';
    case 'snapshot':
      return 'snapshots';
    case 'run':
      return 'activity';
    case 'permissions':
    case 'plan':
    case 'rules':
    case 'notifications':
    case 'setup':
      return 'settings';
    default:
      return route.page;
  }
}

function projectRoute(account: string, sort: string, id: string): Route {
  const number = Number(id);
  if ((sort === 'group' || sort === 'project') && Number.isSafeInteger(number)) {
    return { page: 'project', account, item: { sort: sort satisfies Sort, id: number } };
  }
  return { page: 'projects', filter: 'all' };
}

function filterOf(text: string | null): ProjectFilter {
  return FILTERS.find((filter) => filter === text) ?? 'all';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
