// What the browser tests run on: browsers, how each is found and started, and the configurations of `npm run test:browser`. A new
// device or browser is a row here.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface BrowserRow {
  /** Names of its program, tried in the folders of PATH and as paths. */
  readonly programs: readonly string[]
  /** Environment variable that names its program. */
  readonly variable: string
  readonly advice: string
  /** Arguments of a headless start with an empty profile and no traffic of its own. */
  readonly args: (profile: string, url: string) => readonly string[]
  /** Files of the profile, by name. */
  readonly profile: Readonly<Record<string, string>>
}

const preferences: Readonly<Record<string, boolean | number | string>> = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.max_script_run_time': 0,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'network.trr.mode': 5,
  'security.sandbox.content.level': 0,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
}

/** WebGPU by software, where there is no GPU that Chromium would take by itself. */
export const softwareGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // As in Node (platform/node-gpu.ts): compiling takes a fraction of the time.
  '--enable-dawn-features=disable_workgroup_init',
] as const

export const browsers = {
  chromium: {
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', '/opt/google/chrome/chrome'],
    variable: 'CHROMIUM_PATH',
    advice: 'apt-get install chromium on Debian and Ubuntu, or set CHROMIUM_PATH to its program',
    args: (profile, url) => [
      '--headless',
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--js-flags=--expose-gc',
      ...softwareGpu,
      `--user-data-dir=${profile}`,
      url,
    ],
    profile: {},
  },
  firefox: {
    programs: ['firefox-esr', 'firefox'],
    variable: 'FIREFOX_PATH',
    advice: 'apt-get install firefox-esr on Debian, or set FIREFOX_PATH to its program',
    args: (profile, url) => ['--headless', '--no-remote', '--new-instance', '--profile', profile, url],
    profile: {
      'user.js': Object.entries(preferences)
        .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)})\n`)
        .join(''),
    },
  },
} as const satisfies Record<string, BrowserRow>

export type BrowserName = keyof typeof browsers

export interface Configuration {
  readonly browser: BrowserName
  /** The device whose tests run. */
  readonly device: string
  /** Whether the page is cross-origin isolated, and so has threads. */
  readonly isolated: boolean
}

/** What `npm run test:browser` runs, where the command line names none. */
export const configurations: readonly Configuration[] = [
  { browser: 'chromium', device: 'wasm', isolated: true },
  { browser: 'chromium', device: 'wasm', isolated: false },
  { browser: 'chromium', device: 'webgpu', isolated: true },
  { browser: 'firefox', device: 'wasm', isolated: true },
]

export const nameOf = ({ browser, device, isolated }: Configuration): string =>
  `${browser}, ${device}, ${isolated ? 'isolated' : 'not isolated'}`

/** Path of a browser's program, or null. Its environment variable, where that is set, decides. */
export function findBrowser(name: BrowserName): string | null {
  const { programs, variable }: BrowserRow = browsers[name]
  const chosen = process.env[variable]
  if (chosen) return existsSync(chosen) ? chosen : null
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = programs.flatMap((one) => (one.startsWith('/') ? [one] : folders.map((folder) => join(folder, one))))
  return paths.find((path) => existsSync(path)) ?? null
}

export const notFound = (name: BrowserName): string => `no ${name} found: ${browsers[name].advice}`
