import { describe, expect, test } from 'vitest';
import { readTrustedProxies } from '../http/trusted-proxies.ts';
import {
  type Container,
  compose,
  composeText,
  containers,
  isThere,
  read,
  variables,
} from './compose/compose-file-under-test.ts';
import { services } from './compose/services-under-test.ts';

/** Containers that nobody can ask whether they are well, and why that is so. */
const WITHOUT_HEALTH: Readonly<Record<string, string>> = { reader: 'runs once, and is done' };
const SECRET = /PASSWORD|SECRET(?!_BEFORE)|TOKEN|(?<!PUBLIC_)KEY/;
/** A secret that there mostly is none of: from the env file, or nothing. */
const SECRET_BEFORE = /^(\$\{SERVER_SECRET_BEFORE:-\})?$/;
const OUR_IMAGE = `passerby:${JSON.parse(read('package.json')).version}`;

const container = (name: string): Container => compose.services[name] ?? { image: '', networks: [] };
const ofTimescaledb = (setting: string) =>
  container('timescaledb')
    .command?.find((word) => word.startsWith(`${setting}=`))
    ?.slice(setting.length + 1);
const own = Object.entries(services).map(([name, service]) => ({ name, ...service, container: container(name) }));

describe('our services in docker-compose.yml', () => {
  test('are all there, from one image, started by files that exist', () => {
    expect(own.map((service) => service.container.image)).toEqual(own.map(() => OUR_IMAGE));
    expect(own.map((service) => service.container.command)).toEqual(own.map(({ main }) => ['node', main]));
    expect(own.map(({ main }) => main).filter((main) => !isThere(main))).toEqual([]);
    const built = containers.filter(([, { build }]) => build).map(([name]) => name);
    expect(built.sort()).toEqual(Object.keys(services).sort());
  });

  test('are told nothing that they do not know, and listen where their settings say', () => {
    for (const {
      name,
      settings,
      container: { environment = {} },
    } of own) {
      expect(
        Object.keys(environment).filter((variable) => !(variable in settings)),
        name,
      ).toEqual([]);
      expect(environment.PORT, name).toBe(settings.PORT?.default);
      expect(environment.HOST, name).toBe('0.0.0.0');
    }
  });

  test('are told all that they cannot guess', () => {
    const needed = ['KAFKA_BROKERS', 'S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'DATABASE_URL'];
    for (const {
      name,
      settings,
      container: { environment = {} },
    } of own) {
      const lacking = [...needed, 'ADMIN_PASSWORD', 'SERVER_SECRET', 'SCHEMA_REGISTRY_URL'].filter(
        (variable) => variable in settings && !(variable in environment),
      );
      expect(lacking, name).toEqual([]);
    }
  });

  test('have the defaults of their settings where the env file says nothing', () => {
    for (const {
      name,
      settings,
      container: { environment = {} },
    } of own) {
      for (const [variable, value] of Object.entries(environment)) {
        // Says where this file's own front is, which no default can.
        if (variable === 'TRUST_PROXY') continue;
        const byDefault = String(value).match(/^\$\{\w+:-([^}]*)\}$/)?.[1];
        if (byDefault) expect(byDefault, `${name}: ${variable}`).toBe(String(settings[variable]?.default));
      }
    }
  });

  test('find the servers where those are', () => {
    const { environment = {} } = container('ingest');
    const ports = {
      kafka: container('kafka').environment?.KAFKA_ADVERTISED_LISTENERS,
      s3: container('s3').command?.join(' '),
      registry: container('registry').environment?.KARAPACE_PORT,
      timescaledb: container('timescaledb').environment?.POSTGRES_DB,
    };
    expect(`PLAINTEXT://${environment.KAFKA_BROKERS}`).toBe(ports.kafka);
    expect(environment.S3_ENDPOINT).toBe('http://s3:7070');
    expect(ports.s3).toContain('--port :7070 ');
    expect(environment.SCHEMA_REGISTRY_URL).toBe(`http://registry:${ports.registry}`);
    expect(environment.DATABASE_URL).toMatch(new RegExp(`@timescaledb:5432/${ports.timescaledb}$`));
  });

  test('may ask of many chunks at once', () => {
    expect(Number(ofTimescaledb('max_locks_per_transaction'))).toBeGreaterThanOrEqual(1024);
  });

  test('find as many connections as they open, and two of each of ours, with Grafana and somebody at psql', () => {
    const opened = own.flatMap(({ main }) =>
      [...read(main).matchAll(/connectionsMax: (\d+)/g)].map(([, n]) => Number(n)),
    );
    expect(opened.length).toBeGreaterThan(3);
    const grafana = Number(read('grafana/provisioning/datasources/datasources.yml').match(/maxOpenConns: (\d+)/)?.[1]);
    const needed = 2 * opened.reduce((sum, most) => sum + most, 0) + grafana + 10;
    expect(Number(ofTimescaledb('max_connections'))).toBeGreaterThanOrEqual(needed);
  });

  test('believe a subnet that Docker gives to no other network', () => {
    const subnet = String(container('ingest').environment?.TRUST_PROXY).match(
      /^\$\{FRONT_SUBNET:-([\d.]+)\/24\}$/,
    )?.[1];
    const [first = 0, second = 0] = (subnet ?? '').split('.').map(Number);
    expect(first === 10 || (first === 172 && second === 16)).toBe(true);
  });

  test('can be several: no fixed name, no port of the host', () => {
    for (const {
      name,
      container: { container_name, ports, hostname },
    } of own) {
      expect([container_name, ports, hostname], name).toEqual([undefined, undefined, undefined]);
    }
  });

  test('have as many partitions as the broker gives', () => {
    expect(container('kafka').environment).toMatchObject({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_NUM_PARTITIONS: `\${KAFKA_PARTITIONS:-${services.ingest?.settings.KAFKA_PARTITIONS?.default}}`,
    });
  });
});

describe('every container in docker-compose.yml', () => {
  test('is of a pinned version', () => {
    const pinned = /^[a-z0-9./-]+:v?\d+\.\d+\.\d+(-[a-z0-9]+)?$/;
    expect(containers.filter(([, { image }]) => !pinned.test(image)).map(([name]) => name)).toEqual([]);
  });

  test('is closed: writes nowhere, may do nothing, has bounds', () => {
    for (const [name, settings] of containers) {
      expect(settings, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: name in WITHOUT_HEALTH ? 'on-failure' : 'unless-stopped',
        mem_limit: expect.stringMatching(/^\d+[mg]$/),
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
      });
      expect(settings.privileged, name).toBeUndefined();
    }
    expect(containers.filter(([, { cap_add }]) => cap_add).map(([name]) => name)).toEqual(['front']);
  });

  test('says whether it is well, and is waited for only if it can', () => {
    for (const [name, { healthcheck, depends_on = {} }] of containers) {
      expect(healthcheck === undefined, name).toBe(name in WITHOUT_HEALTH);
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        expect(condition, `${name} → ${needed}`).toBe(
          needed in WITHOUT_HEALTH ? 'service_completed_successfully' : 'service_healthy',
        );
        expect(needed in compose.services, `${name} → ${needed}`).toBe(true);
      }
    }
  });

  test('of ours has time to finish what it has begun', () => {
    for (const {
      name,
      container: { stop_grace_period: grace },
    } of own) {
      expect(Number.parseInt(String(grace), 10), name).toBeGreaterThanOrEqual(30);
    }
  });

  test('is asked for its health where it listens', () => {
    for (const {
      name,
      container: { healthcheck },
    } of own) {
      expect(healthcheck?.test, name).toEqual(['CMD', 'node', 'http/ask-health.ts']);
    }
    expect(isThere('http/ask-health.ts')).toBe(true);
    expect(container('s3').healthcheck?.test.at(-1)).toBe('http://127.0.0.1:7070/health');
    expect(container('s3').command).toEqual(expect.arrayContaining(['--health', '/health']));
    const { KARAPACE_PORT } = container('registry').environment ?? {};
    expect(container('registry').healthcheck?.test.at(-1)).toBe(`http://127.0.0.1:${KARAPACE_PORT}/_health`);
    expect(container('kafka').healthcheck?.test.at(-1)).toContain(`${container('ingest').environment?.KAFKA_BROKERS} `);
  });

  test('mounts files and volumes that exist, files for reading only', () => {
    for (const [name, { volumes = [] }] of containers) {
      for (const volume of volumes) {
        const [source = '', , mode] = volume.replace(/\$\{\w+:-([^}]*)\}/, '$1').split(':');
        if (source.startsWith('.')) {
          expect(isThere(source.slice(2)), `${name}: ${source}`).toBe(true);
          expect(mode, `${name}: ${source}`).toBe('ro');
        } else expect(source in compose.volumes, `${name}: ${source}`).toBe(true);
      }
    }
    const used = containers.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]));
    expect(Object.keys(compose.volumes).filter((volume) => !used.includes(volume))).toEqual([]);
  });
});

describe('who reaches whom in docker-compose.yml', () => {
  test('the front alone publishes a port, and to this machine unless told otherwise', () => {
    expect(containers.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(['front']);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is written there.
    expect(container('front').ports).toEqual(['${FRONT_BIND:-127.0.0.1}:${FRONT_PORT:-8443}:8443']);
    expect(containers.filter(([, { network_mode }]) => network_mode).map(([name]) => name)).toEqual([]);
  });

  test('one network leads out, and on it are only the front and who sends alerts', () => {
    const open = Object.entries(compose.networks).filter(([, { internal }]) => !internal);
    expect(open.map(([name]) => name)).toEqual(['outside']);
    expect(containers.filter(([, { networks }]) => networks.includes('outside')).map(([name]) => name)).toEqual([
      'alertmanager',
      'front',
    ]);
    expect(containers.flatMap(([, { networks }]) => networks).filter((name) => !(name in compose.networks))).toEqual(
      [],
    );
  });

  test('the front cannot reach the servers behind the services', () => {
    const { networks } = container('front');
    for (const server of ['kafka', 'timescaledb', 's3', 'registry', 'prometheus', 'alertmanager']) {
      const shared = container(server).networks.filter((name) => networks.includes(name) && name !== 'outside');
      expect(shared, server).toEqual([]);
    }
  });

  test('the services behind the front believe it, and nobody else', () => {
    const behind = own.filter(({ container: { networks } }) => networks.includes('front'));
    expect(behind.map(({ name }) => name)).toEqual(['ingest', 'console']);
    const subnets = compose.networks.front?.ipam?.config.map(({ subnet }) => subnet);
    expect(subnets?.[0]).toMatch(/^\$\{FRONT_SUBNET:-[\d.]+\/\d+\}$/);
    for (const {
      name,
      container: { environment = {}, networks },
    } of own) {
      expect([environment.TRUST_PROXY], name).toEqual(networks.includes('front') ? subnets : [undefined]);
      expect('ALLOW_PLAIN_HTTP' in environment, name).toBe(false);
    }
    const byDefault = String(subnets?.[0]).replace(/.*:-|\}$/g, '');
    expect(readTrustedProxies(byDefault)).toEqual([byDefault]);
  });

  test('who waits for another shares a network with it', () => {
    for (const [name, { depends_on = {}, networks }] of containers) {
      for (const needed of Object.keys(depends_on)) {
        // Its work is done when Grafana starts.
        if (needed in WITHOUT_HEALTH) continue;
        expect(
          container(needed).networks.some((network) => networks.includes(network)),
          `${name} → ${needed}`,
        ).toBe(true);
      }
    }
  });
});

describe('variables in docker-compose.yml', () => {
  test('no secret has a default, and whoever lacks one is told what to run', () => {
    expect(variables.filter(({ name, required }) => required !== SECRET.test(name))).toEqual([]);
    const told = variables.filter(({ required }) => required).map(({ rest }) => rest);
    expect(told.length).toBeGreaterThan(5);
    expect(new Set(told)).toEqual(new Set(['run npm run secrets, then start with --env-file .env.production']));
  });

  test('no secret is written down', () => {
    for (const [name, { environment = {} }] of containers) {
      const plain = Object.entries(environment).filter(
        ([variable, value]) => SECRET.test(variable) && !/^\$\{\w+:\?[^}]*\}$/.test(String(value)),
      );
      expect(plain, name).toEqual([]);
      expect(String(environment.SERVER_SECRET_BEFORE ?? ''), name).toMatch(SECRET_BEFORE);
    }
    expect(composeText).not.toMatch(/:\/\/[^:/\s]+:[^$\s][^@\s]*@/);
  });
});
