export default function Requests() {
  return <h1>requests</h1>;
}
