/** Tests finding, exporting and erasing the data of a person on all stores. test/app/subject.test.ts tests it in all places. */
import { scenarios } from './scenario.ts';

const ana = 'urn:ngsi-ld:Person:ana';
const car = {
  id: 'urn:ngsi-ld:Car:1',
  type: 'Car',
  driver: { type: 'Relationship', object: ana },
  doors: { type: 'Property', value: 4 },
};

scenarios('subjects', {
  'the data of a person are found, exported and erased': [
    { does: 'createEntity', send: 'POST /entities', body: { id: ana, type: 'Person' }, answers: 201 },
    { does: 'createEntity', send: 'POST /entities', body: car, answers: 201 },
    {
      does: 'findSubject',
      send: `GET /access/subjects/${ana}`,
      answers: 200,
      has: { type: 'SubjectReport', subject: ana, ids: { entity: [ana], reference: [car.id] } },
    },
    { does: 'exportSubject', send: `GET /access/subjects/${ana}/export`, answers: 200 },
    { does: 'eraseSubject', send: `DELETE /access/subjects/${ana}?dryRun=true`, answers: 200, has: { isDryRun: true } },
    { does: 'retrieveEntity', send: `GET /entities/${ana}`, answers: 200 },
    {
      does: 'eraseSubject',
      send: `DELETE /access/subjects/${ana}`,
      answers: 200,
      has: { isDryRun: false, left: { entity: 0, reference: 0, instance: 0, change: 0 } },
    },
    { does: 'retrieveEntity', send: `GET /entities/${ana}`, answers: 404 },
    { does: 'retrieveEntity', send: `GET /entities/${car.id}`, answers: 200 },
    { does: 'eraseSubject', send: 'DELETE /access/subjects/ana', answers: 400 },
  ],
});
