import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { POOL } from '../world.ts';
import { expectStatus, inBoth, type Part } from './step.ts';

export const groups: Part = {
  name: 'groups',
  steps: inBoth('form a tree that people are members of', async (world, { as, pool }) => {
    const tag = randomUUID().slice(0, 8);
    const group = (name: string, parent_id?: string) => ({
      name: `${name} ${tag}`,
      user_pool_id: POOL,
      ...(parent_id === undefined ? {} : { parent_id }),
    });
    const all = `${pool}/groups`;
    const staff = (await expectStatus(world, as, 201, 'post', all, group('Staff'))).body;
    const it = (await expectStatus(world, as, 201, 'post', all, group('IT', staff.id))).body;
    await expectStatus(world, as, 409, 'post', all, group('staff'));
    const read = await expectStatus(world, as, 200, 'get', `${all}/${staff.id}`);
    await expectStatus(world, as, 200, 'put', `${all}/${staff.id}`, { ...read.body, description: 'All' });
    const other = (await expectStatus(world, as, 201, 'post', all, group('Other'))).body;
    await expectStatus(world, as, 409, 'put', `${all}/${other.id}`, { ...other, name: `Staff ${tag}` });
    const children = await expectStatus(world, as, 200, 'get', `${all}?parent_id=${staff.id}`);
    expect(children.body).toEqual([expect.objectContaining({ id: it.id, parent_id: staff.id })]);
    const tree = await expectStatus(world, as, 200, 'get', `${all}?with_nested_groups=true&limit=200`);
    expect(tree.body.length).toBeGreaterThanOrEqual(3);

    const { id: userId } = await world.addPerson(`member-${tag}`);
    await expectStatus(world, as, 204, 'put', `${all}/${it.id}/users/${userId}`);
    await expectStatus(world, as, 204, 'put', `${all}/${it.id}/users/${userId}`);
    const members = await expectStatus(
      world,
      as,
      200,
      'get',
      `${all}/${staff.id}/users?with_nested_groups=true`,
    );
    expect(members.body.users).toEqual([expect.objectContaining({ id: userId })]);
    const own = await expectStatus(
      world,
      as,
      200,
      'get',
      `${pool}/users/${userId}/groups?with_parent_groups=true`,
    );
    expect(own.body.map((entry: { id: string }) => entry.id).sort()).toEqual([staff.id, it.id].sort());
    await expectStatus(world, as, 204, 'get', `${pool}/users/${userId}/groups/${it.id}`);
    await expectStatus(world, as, 404, 'get', `${pool}/users/${userId}/groups/${staff.id}`);
    await expectStatus(
      world,
      as,
      204,
      'get',
      `${pool}/users/${userId}/groups/${staff.id}?with_nested_groups=true`,
    );
    await expectStatus(world, as, 204, 'delete', `${all}/${it.id}/users/${userId}`);
    await expectStatus(world, as, 204, 'delete', `${all}/${staff.id}`);
    await expectStatus(world, as, 404, 'get', `${all}/${it.id}`);
  }),
};
