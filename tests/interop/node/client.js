// `node client.js TOPIC CONFIG`: a stock client against Rapid's services. Prints the name of each case that passed.
(async () => {
  const cases = require(`./${process.argv[2]}`);
  const config = JSON.parse(process.argv[3]);
  for (const [name, run] of Object.entries(cases)) {
    console.log(`running ${name}`);
    await run(config);
  }
  console.log('passed every case');
  // Open connections would keep the process; the cases are over.
  process.exit(0);
})().catch(error => {
  console.error(error);
  process.exit(1);
});
