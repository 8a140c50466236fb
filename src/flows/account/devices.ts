import { deviceOf } from '../../http/device_name.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { readOwnForm, showPage, type Visit } from './visit.ts';

/** Browsers that are not asked for a second factor. */
export async function showDevices(deps: FlowDeps, visit: Visit): Promise<void> {
  const devices = await deps.domain.devices.list(visit.scope);
  await showPage(deps, visit, 'account_devices', {
    devices: devices.map(({ id, ip, userAgent, createdAt }) => ({
      id,
      ip,
      device: deviceOf(userAgent),
      createdAt,
    })),
  });
}

export async function forgetDevice(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  await deps.domain.devices.remove(visit.scope, form.get('device') ?? '', visit.by);
  leadOn(visit, 'devices', 'device_forgotten');
}
