import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
const modes = process.argv.slice(2);
const kids = {};
for (const m of modes) { const c = fork('./.raw-tmp.mjs',[m]); const [port] = await once(c,'message'); kids[m]={c,port,cpu:[]}; }
for (let r=0;r<7;r++) for (const m of modes) { const k=kids[m]; 
 k.c.send('start'); await autocannon({url:`http://127.0.0.1:${k.port}/ngsi-ld/v1/entities/urn:x`,connections:32,duration:1});
 const p=once(k.c,'message'); k.c.send('stop'); k.cpu.push((await p)[0]); }
for (const m of modes) console.log(m, kids[m].cpu.slice(1).sort((a,b)=>a-b).map(x=>x.toFixed(1)).join(' '));
for (const m of modes) kids[m].c.kill();
