// Decides requests with @cloud-copilot/iam-simulate: node judge.mjs PACKAGE_FOLDER < simulations > results, as JSON lines.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'

const require = createRequire(`${process.argv[2]}/package.json`)
const { runSimulation } = require('@cloud-copilot/iam-simulate')

for await (const line of createInterface({ input: process.stdin })) {
  const simulation = JSON.parse(line)
  const found = await runSimulation(simulation, {})
  const result = found.resultType === 'error' ? { error: found.errors } : { allowed: found.overallResult === 'Allowed' }
  console.log(JSON.stringify(result))
}
