export default function Playground() {
  return <h1>playground</h1>;
}
