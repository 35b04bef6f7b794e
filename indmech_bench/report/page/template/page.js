// Tables that sort and filter, with what was asked of them in the address. DataTables comes along in the page itself.
const byId = (id) => document.getElementById(id);
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark', dark.matches);
dark.addEventListener('change', follow);
follow();

const source = URL.createObjectURL(new Blob([atob(byId('datatables').textContent)], { type: 'text/javascript' }));
const { default: DataTable } = await import(source);
URL.revokeObjectURL(source);

const asked = () => new URLSearchParams(location.search);

function keep(name, table) {
  const state = asked();
  const text = table.search();
  const [first] = table.order();
  text ? state.set(`${name}.filter`, text) : state.delete(`${name}.filter`);
  first && first[1] ? state.set(`${name}.sort`, `${first[0]}.${first[1]}`) : state.delete(`${name}.sort`);
  const query = state.toString();
  history.replaceState(null, '', `${location.pathname}${query ? `?${query}` : ''}${location.hash}`);
}

function interactive(element, options) {
  const name = element.id;
  const state = asked();
  const [column, way] = (state.get(`${name}.sort`) ?? '').split('.');
  const columns = options.columns?.length ?? element.tHead.rows[0].cells.length;
  const known = Number.isInteger(+column) && +column < columns && ['asc', 'desc'].includes(way);
  const paged = options.paging ?? false;
  const caption = element.caption?.textContent ?? name;
  const table = new DataTable(element, {
    autoWidth: false,
    paging: false,
    pageLength: 25,
    order: known ? [[+column, way]] : [],
    search: { search: state.get(`${name}.filter`) ?? '' },
    layout: {
      topStart: { search: { text: '_INPUT_', placeholder: 'Filter' } },
      topEnd: null,
      bottomStart: paged ? 'info' : null,
      bottomEnd: paged ? { paging: { type: 'simple_numbers', buttons: 5 } } : null,
    },
    language: { emptyTable: 'Nothing here.', zeroRecords: 'Nothing that the filter lets through.' },
    ...options,
  });
  const input = table.table().container().querySelector('.dt-search input');
  input.setAttribute('aria-label', `Filter: ${caption}`);
  table.on('order search', () => keep(name, table));
  return table;
}

for (const element of document.querySelectorAll('table.data')) {
  interactive(element, element.classList.contains('paged') ? { paging: true } : {});
}

// Rows: columns of numbers, each row naming its cell by its place.
const data = JSON.parse(byId('rows-data').textContent);
if (data.cells) {
  const shown = Object.keys(data.columns).filter((name) => name !== 'cell');
  const escaped = (value) => String(value).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const cell = (i) => data.cells[data.columns.cell[i]];
  const command = (i) => cell(i)[2].replace('SEEDS', `${data.columns.seed[i]}-${data.columns.seed[i]}`);
  const column = (title, kind, value, show = (one) => escaped(one ?? '–')) => ({
    title,
    className: kind,
    data: null,
    type: kind === 'number' ? 'num' : 'string',
    render: (i, type) => (type === 'display' ? show(value(i)) : value(i) ?? (kind === 'number' ? Infinity : '')),
  });
  const columns = [
    column('task', 'name', (i) => cell(i)[0]),
    column('method', 'name', (i) => cell(i)[1]),
    ...shown.map((name) => column(name, name === 'status' ? 'word' : 'number', (i) => data.columns[name][i])),
    column('command', 'text', command, (one) => `<code>${escaped(one)}</code>`),
  ];
  const count = data.columns.seed.length;
  interactive(byId('rows'), { data: Array.from({ length: count }, (_, i) => i), columns, paging: true, deferRender: true });
  const button = byId('rows-csv');
  button.hidden = false;
  button.addEventListener('click', () => {
    const quoted = (value) => `"${String(value ?? '').replaceAll('"', '""')}"`;
    const head = ['task', 'method', ...shown].map(quoted).join(',');
    const lines = Array.from({ length: count }, (_, i) =>
      [cell(i)[0], cell(i)[1], ...shown.map((name) => data.columns[name][i])].map(quoted).join(','));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([[head, ...lines].join('\r\n')], { type: 'text/csv' }));
    link.download = 'rows.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

// Which section is being read.
const links = new Map([...document.querySelectorAll('nav a')].map((link) => [link.hash.slice(1), link]));
const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.classList.remove('here');
    links.get(entry.target.id)?.classList.add('here');
  }
}, { rootMargin: '-10% 0px -80% 0px' });
document.querySelectorAll('main section').forEach((section) => watch.observe(section));
document.documentElement.dataset.ready = 'true';
