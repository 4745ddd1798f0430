/** The themes of the European Union in Slovene, as portals show groups. */

const titles: Readonly<Record<string, string>> = {
  agri: 'Kmetijstvo, ribištvo, gozdarstvo in hrana',
  econ: 'Gospodarstvo in finance',
  educ: 'Izobraževanje, kultura in šport',
  ener: 'Energija',
  envi: 'Okolje',
  gove: 'Vlada in javni sektor',
  heal: 'Zdravje',
  intr: 'Mednarodna vprašanja',
  just: 'Pravosodje, pravni sistem in javna varnost',
  regi: 'Regije in mesta',
  soci: 'Prebivalstvo in družba',
  tech: 'Znanost in tehnologija',
  tran: 'Promet',
};

/** The title of the group with this name. */
export const themeTitle = (name: string): string => titles[name] ?? name.toUpperCase();
