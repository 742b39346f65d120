import{a as n}from"./chunk-IUNON7Y6.js";import"./chunk-SOZT5HLH.js";function a(){return n("h1",{children:"analysis"})}export{a as default};
