// Reads a company with node-quickbooks and compares the number of records.
'use strict'

const { promisify } = require('util')
const QuickBooks = require('node-quickbooks')

const env = process.env
QuickBooks.TOKEN_URL = `${env.BASE_URL}/oauth2/v1/tokens/bearer`
QuickBooks.V3_ENDPOINT_BASE_URL = `${env.BASE_URL}/v3/company/`

const books = new QuickBooks(
  env.CLIENT_ID, env.CLIENT_SECRET, env.ACCESS_TOKEN, false, env.REALM, true, false, 75, '2.0', env.REFRESH_TOKEN,
)

// Method by entity where the plural is not just an s.
const PLURALS = {
  Class: 'findClasses', TimeActivity: 'findTimeActivities', TaxAgency: 'findTaxAgencies',
  JournalEntry: 'findJournalEntries', Budget: 'findBudgets',
}
const HIDES_INACTIVE = new Set([
  'Account', 'Budget', 'Class', 'Customer', 'Department', 'Employee', 'Item', 'PaymentMethod', 'TaxCode', 'TaxRate', 'Term', 'Vendor',
])

const call = (method, ...args) => promisify(books[method].bind(books))(...args)

async function main() {
  const wrong = []
  const check = (what, found, expected) => {
    if (found !== expected) wrong.push(`${what}: ${found}, expected ${expected}`)
  }
  await call('refreshAccessToken')
  let compared = 0
  for (const [entity, expected] of Object.entries(JSON.parse(env.COUNTS))) {
    const method = PLURALS[entity] || `find${entity}s`
    if (typeof books[method] !== 'function') continue
    const criteria = [{ field: 'fetchAll', value: true }, { field: 'limit', value: 20 }, { field: 'asc', value: 'Id' }]
    if (HIDES_INACTIVE.has(entity)) criteria.push({ field: 'Active', value: [true, false], operator: 'IN' })
    const answer = (await call(method, criteria)).QueryResponse
    const rows = answer[entity] || []
    check(entity, rows.length, expected)
    check(`${entity} ids`, new Set(rows.map((row) => row.Id)).size, expected)
    const { QueryResponse: counted } = await call(method, { count: true })
    if (!HIDES_INACTIVE.has(entity)) check(`${entity} counted`, counted.totalCount, expected)
    compared += 1
  }
  if (compared < 15) wrong.push(`only ${compared} entities to compare`)

  const company = await call('getCompanyInfo', env.REALM)
  check('company', typeof company.CompanyName, 'string')
  const report = await call('reportTrialBalance', { end_date: '2099-12-31' })
  const total = report.Rows.Row.at(-1).Summary.ColData
  check('trial balance', total[1].value, total[2].value)
  const ledger = await call('reportGeneralLedgerDetail', { start_date: '2000-01-01', end_date: '2099-12-31' })
  check('general ledger', ledger.Header.ReportName, 'GeneralLedger')
  const since = new Date(Date.now() - 24 * 3600 * 1000)
  const changes = await call('changeDataCapture', ['Customer', 'Invoice'], since)
  check('changes answered', changes.CDCResponse[0].QueryResponse.length, 2)
  const missing = await call('getInvoice', '999999999').catch((error) => error)
  check('a missing invoice', missing.response?.data?.Fault?.Error?.[0]?.code, '610')

  wrong.forEach((line) => console.error('node-quickbooks:', line))
  console.log(`node-quickbooks: ${compared} entities compared, ${wrong.length} differences`)
  process.exit(wrong.length ? 1 : 0)
}

main().catch((error) => {
  console.error('node-quickbooks:', error.response?.data || error)
  process.exit(1)
})
