// A report that is being counted up: figures by name, and how often each ROQ field changed.

/** The members of a report that are figures. */
export type Counter<Report> = {
  [Name in keyof Report]: Report[Name] extends number ? Name : never;
}[keyof Report];

type Counted = { readonly fields: Readonly<Record<string, number>> };

export type Tally<Report extends Counted> = ReturnType<typeof openTally<Report>>;

/** Goes on from a report, which itself stays as it is. */
export function openTally<Report extends Counted>(report: Report) {
  let current = report;
  const set = (part: Partial<Report>) => {
    current = { ...current, ...part };
  };
  return {
    /** The report as it stands. */
    report: () => current,
    set,
    add: (counter: Counter<Report>, count: number) =>
      set({ [counter]: Number(current[counter] ?? 0) + count } as Partial<Report>),
    field: (name: string) =>
      set({ fields: { ...current.fields, [name]: (current.fields[name] ?? 0) + 1 } } as Partial<Report>),
  };
}
