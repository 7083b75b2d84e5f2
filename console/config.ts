import { Type } from 'typebox';
import { deviceAccessConfig } from '../http/access/devices/device-access.ts';
import { secretConfig } from '../http/access/server-secret.ts';
import { diskFoldersConfig } from '../http/disk-folders.ts';
import { serviceConfig } from '../http/service-config.ts';
import { s3Config } from '../ports/blobs/s3-config.ts';
import { kafkaConfig } from '../ports/log/kafka/config.ts';
import { storeConfig } from '../ports/store/config.ts';
import { registryConfig } from '../schemas/registry-config.ts';
import { diskConfig } from './disk-config.ts';

/** What `console/main.ts` is told. */
export const consoleService = Type.Object({
  ...deviceAccessConfig.properties,
  ...serviceConfig(8081),
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
  ...secretConfig.properties,
  ...diskConfig.properties,
  ...diskFoldersConfig.properties,
  ADMIN_PASSWORD: Type.String({ minLength: 10, maxLength: 200, description: 'Sets the password of the user admin.' }),
});
