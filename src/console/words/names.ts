/** Slovenian names of types, and of the states that attributes name with a word. English readers see the names of the data. */
import { shortName } from '../data/names.ts';
import { language } from '../data/session.ts';
import { dashboardWords } from './dashboard.ts';

const types = new Map(
  Object.entries({
    Agent: 'Organizacija',
    AirQualityObserved: 'Kakovost zraka',
    Alert: 'Opozorilo',
    AlertSummary: 'Povzetek opozoril',
    Catalogue: 'Katalog',
    Dataset: 'Zbirka podatkov',
    Device: 'Naprava',
    Indicator: 'Kazalnik',
    IndoorEnvironmentObserved: 'Zrak v prostoru',
    NoiseLevelObserved: 'Hrup',
    OffStreetParking: 'Parkirišče',
    OnStreetParking: 'Parkiranje ob cesti',
    ParkingGroup: 'Skupina parkirnih mest',
    ParkingSpot: 'Parkirno mesto',
    SmartMeteringObservation: 'Odčitek števca',
    Streetlight: 'Svetilka',
    StreetlightControlCabinet: 'Prižigališče',
    StreetlightGroup: 'Skupina svetilk',
    StreetlightModel: 'Model svetilke',
    WasteContainer: 'Zabojnik za odpadke',
    WatchRule: 'Pravilo nadzora',
    WaterConsumptionObserved: 'Poraba vode',
    WeatherObserved: 'Vreme',
  }),
);

/** The words of attributes that name states, by `attribute word`. */
const states = new Map(
  Object.entries({
    'powerState bootingUp': 'se prižiga',
    'powerState low': 'zatemnjeno',
    'powerState off': 'ugasnjeno',
    'powerState on': 'prižgano',
    'severity critical': dashboardWords['severity.critical'][0],
    'severity high': dashboardWords['severity.high'][0],
    'severity informational': dashboardWords['severity.informational'][0],
    'severity low': dashboardWords['severity.low'][0],
    'severity medium': dashboardWords['severity.medium'][0],
    'status almostFull': 'skoraj polno',
    'status brokenLantern': 'razbita svetilka',
    'status closed': 'zaprto',
    'status columnIssue': 'okvara droga',
    'status defectiveLamp': 'okvarjena sijalka',
    'status free': 'prosto',
    'status full': 'polno',
    'status occupied': 'zasedeno',
    'status ok': 'v redu',
    'status open': 'odprto',
    'status resolved': 'rešeno',
    'status spacesAvailable': 'prosta mesta',
  }),
);

/** The name of a type for people; `otherwise` makes one of a type that has none here. */
export const typeName = (type: string, otherwise: (type: string) => string = shortName): string =>
  (language.value === 'sl' ? types.get(shortName(type)) : undefined) ?? otherwise(type);

/** The word that a value is for people; undefined when the attribute names no state, or the word has no translation. */
export const stateName = (attribute: string, word: string): string | undefined =>
  language.value === 'sl' ? states.get(`${shortName(attribute)} ${word}`) : undefined;
