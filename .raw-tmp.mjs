import http from 'node:http';
import express from 'express';
const app = express();
for (const s of ['etag','x-powered-by','query parser']) app.disable(s);
const body = JSON.stringify({id:'urn:x',type:'T',a:{type:'Property',value:1}, pad:'x'.repeat(900)});
const buf = Buffer.from(body);
const mode = process.argv[2];
let n=0; const h = (req,res)=>{ n++; res.writeHead(200,{'Content-Type':'application/json','Content-Length':buf.length}); res.end(mode.includes('buf')?buf:body); };
app.use((req,res)=>h(req,res));
let s;
if (mode.startsWith('raw')) s = http.createServer(h);
else if (mode.startsWith('plain')) s = http.createServer(app);
else {
 class Rq extends http.IncomingMessage {} ; class Rs extends http.ServerResponse {}
 Object.setPrototypeOf(Rq.prototype, app.request); app.request=Rq.prototype;
 Object.setPrototypeOf(Rs.prototype, app.response); app.response=Rs.prototype;
 const done=()=>{};
 if (mode.includes('done')) s = http.createServer({IncomingMessage:Rq,ServerResponse:Rs}, (a,b)=>app(a,b,done));
 else s = http.createServer({IncomingMessage:Rq,ServerResponse:Rs}, app);
}
s.listen(0,()=>process.send(s.address().port)); let c0; process.on("message",m=>{ if(m==="start"){c0=process.cpuUsage(); n=0;} else {const c=process.cpuUsage(c0); process.send((c.user+c.system)/n);} });
