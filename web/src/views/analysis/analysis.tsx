export default function Analysis() {
  return <h1>analysis</h1>;
}
