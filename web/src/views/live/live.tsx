export default function Live() {
  return <h1>live</h1>;
}
